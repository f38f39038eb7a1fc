// Messages with the framing of a schema registry. No processor reads them, and the reason should say so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

// A sentence for people if the payload starts with byte 0, as Confluent's serializers for Avro, Protobuf and JSON
// Schema write it: the byte, a four-byte schema id, the data. None otherwise.
std::optional<std::string> framing_note(std::optional<std::string_view> payload);

// Adds that sentence to the reason if it applies.
std::string reason_with_framing(std::string reason, std::optional<std::string_view> payload);

}  // namespace freshet
