// Finds references of a JSON Schema that lead back to themselves without consuming input.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace freshet::schemas {

// A schema may refer to itself for a part of the payload ("items": {"$ref": "#"}): the payload ends the recursion. A
// schema that refers to itself for the same value never ends: {"$ref": "#"}, also through "allOf", "anyOf", "oneOf",
// "not", "if", "then", "else", "extends", "dependencies" and other files. Returns where such a reference starts
// ("#/definitions/a"), or nothing. `fetch` returns the document of another file by the part of the reference before its
// '#'; null: it does not exist. The document must live until the call ends. Threads: any.
std::optional<std::string> find_endless_reference(
    const nlohmann::json& document, const std::function<const nlohmann::json*(const std::string& file)>& fetch);

}  // namespace freshet::schemas
