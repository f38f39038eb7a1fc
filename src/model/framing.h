// Detects messages with schema registry framing. No processor decodes them, and the error should say so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

// A human-readable sentence if the payload starts with byte 0, as Confluent's Avro, Protobuf and JSON Schema
// serializers write it: that byte, a four-byte schema id, the data. Otherwise nullopt.
std::optional<std::string> framing_note(std::optional<std::string_view> payload);

// Appends that sentence to the reason, if it applies.
std::string reason_with_framing(std::string reason, std::optional<std::string_view> payload);

}  // namespace freshet
