// Checks that a payload is a protobuf message.
#pragma once

#include "ports/schema.h"

namespace freshet::schemas {

// Checks the wire format of the outermost message: keys, lengths, groups. The processor decodes the fields and is
// stricter.
class ProtobufSyntax final : public SchemaValidator {
 public:
  std::optional<std::string> why_invalid(std::string_view payload) override;
};

}  // namespace freshet::schemas
