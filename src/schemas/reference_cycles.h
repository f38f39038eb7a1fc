// Finds reference cycles in a JSON Schema that consume no input, so that validation would never end.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace freshet::schemas {

// A schema may refer to itself for a part of the payload ("items": {"$ref": "#"}), because the payload ends the
// recursion. A schema that refers to itself for the same value recurses for ever: {"$ref": "#"}, also through "allOf",
// "anyOf", "oneOf", "not", "if", "then", "else", "extends", "type", "disallow", "dependencies" and other files.
// Returns the place of such a schema ("#/definitions/a"), or nothing. `fetch` returns the document of another file,
// given the part of the reference before '#', or null if it does not exist; the document must be valid until this
// returns. Threads: any.
std::optional<std::string> find_endless_reference(
    const nlohmann::json& document, const std::function<const nlohmann::json*(const std::string& file)>& fetch);

}  // namespace freshet::schemas
