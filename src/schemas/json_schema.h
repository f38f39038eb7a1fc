// Validates payloads against a JSON Schema.
#pragma once

#include <string>

#include "base/result.h"
#include "ports/schema.h"

namespace freshet::schemas {

// Reads a schema from a file. References to other files (`file://name.json#/definitions/X`, `name.json`) are read from
// the same directory. Errors: Fatal if the file or a referenced file cannot be read or is not a valid schema.
Result<SchemaValidatorFactory> open_json_schema(const std::string& file);

}  // namespace freshet::schemas
