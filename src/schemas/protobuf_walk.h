// Whether bytes are a protobuf message at all.
#pragma once

#include "ports/schema.h"

namespace freshet::schemas {

// Walks the wire format of the outermost message: keys, lengths, groups. What the fields hold is decoded by the
// processor, whose verdict is stricter.
class ProtobufWalk final : public SchemaValidator {
 public:
  std::optional<std::string> why_invalid(std::string_view payload) override;
};

}  // namespace freshet::schemas
