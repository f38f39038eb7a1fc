// JSON Schema from a file.
#pragma once

#include <string>

#include "base/result.h"
#include "ports/schema.h"

namespace freshet::schemas {

// References to other files (`file://name.json#/definitions/X`, `name.json`) are read from the same folder. Fatal: the
// file, or one that it refers to, cannot be read or is no schema.
Result<SchemaValidatorFactory> open_json_schema(const std::string& file);

}  // namespace freshet::schemas
