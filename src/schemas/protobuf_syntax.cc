#include "schemas/protobuf_syntax.h"

#include "processors/protobuf/protobuf_reader.h"

namespace freshet::schemas {

std::optional<std::string> ProtobufSyntax::why_invalid(std::string_view payload) {
  processors::ProtobufReader reader(payload);
  while (reader.next()) reader.skip();
  if (!reader.failed()) return std::nullopt;
  return std::string("not protobuf: ") + reader.what();
}

}  // namespace freshet::schemas
