// References of a JSON Schema that lead back to themselves.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace freshet::schemas {

// A schema may refer to itself further inside of a payload ("items": {"$ref": "#"}): the payload ends it. One that
// refers to itself for the same value never ends: {"$ref": "#"}, also over "allOf", "anyOf", "oneOf", "not", "if",
// "then", "else", "extends", "dependencies" and other files. Returns where such a one begins ("#/definitions/a");
// nothing where there is none. `fetch`: the document of another file by the reference's text before its '#'; null:
// there is none. What it returns lives until the end of the call. Threads: any.
std::optional<std::string> find_endless_reference(
    const nlohmann::json& document, const std::function<const nlohmann::json*(const std::string& file)>& fetch);

}  // namespace freshet::schemas
