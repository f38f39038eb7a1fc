// Checks that a payload is a well-formed protobuf message.
#pragma once

#include "ports/schema.h"

namespace freshet::schemas {

// Checks only the wire format of the outermost message: keys, lengths, groups. The processor, which decodes the fields,
// is stricter.
class ProtobufSyntax final : public SchemaValidator {
 public:
  std::optional<std::string> why_invalid(std::string_view payload) override;
};

}  // namespace freshet::schemas
