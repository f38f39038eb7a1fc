// Messages that a schema registry's serializer framed: no processor reads them, and the reason should say so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace freshet {

// A sentence for a person when the payload begins with byte 0, as Confluent's serializers for Avro, Protobuf and JSON
// Schema write it: the byte, four bytes of schema id, the data. None: it does not.
std::optional<std::string> framing_note(std::optional<std::string_view> payload);

// The reason why a message is invalid, with that sentence where it applies.
std::string reason_with_framing(std::string reason, std::optional<std::string_view> payload);

}  // namespace freshet
