// Parser and writer of nlohmann's JSON values, compiled here once: each file that instantiates them takes seconds more.
// Any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace freshet {

// A discarded value (is_discarded()) if the text is not JSON.
nlohmann::json parse_json(std::string_view text);
nlohmann::ordered_json parse_ordered_json(std::string_view text);

// indent < 0: one line without spaces. Bytes that are not UTF-8 become U+FFFD.
std::string to_json_text(const nlohmann::json& value, int indent = -1);
std::string to_json_text(const nlohmann::ordered_json& value, int indent = -1);

// The text as a JSON string, with its quotes.
std::string quoted_json(std::string_view text);

}  // namespace freshet
