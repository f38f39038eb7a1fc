// JSON Schema from a file.
#pragma once

#include <string>

#include "base/result.h"
#include "ports/schema.h"

namespace freshet::schemas {

// References to other files (`file://name.json#/definitions/X`, `name.json`) are read from the same directory. Fatal:
// the file, or a file that it refers to, cannot be read or is not a schema.
Result<SchemaValidatorFactory> open_json_schema(const std::string& file);

}  // namespace freshet::schemas
