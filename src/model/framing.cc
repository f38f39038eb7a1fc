#include "model/framing.h"

#include <cstdint>

namespace freshet {

std::optional<std::string> framing_note(std::optional<std::string_view> payload) {
  constexpr size_t kHeader = 5;
  if (!payload || !payload->starts_with('\0')) return std::nullopt;
  std::string text =
      "the message begins with byte 0, as Confluent's schema registry serializers (Avro, Protobuf, JSON Schema) write "
      "it";
  if (payload->size() > kHeader) {
    uint32_t id = 0;
    for (size_t i = 1; i < kHeader; ++i) id = id << 8 | static_cast<unsigned char>((*payload)[i]);
    text += "; schema id " + std::to_string(id);
  }
  return text +
         ". freshet does not decode it: let the producer write plain JSON without a schema registry, or decode it in a "
         "Python class (--processor module.Class)";
}

std::string reason_with_framing(std::string reason, std::optional<std::string_view> payload) {
  if (auto note = framing_note(payload)) reason += ": " + *note;
  return reason;
}

}  // namespace freshet
