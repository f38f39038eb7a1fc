// Finds the schema of a topic.
#pragma once

#include <string>

#include "base/result.h"
#include "ports/schema.h"

namespace freshet::schemas {

// Opens the first that exists of DIR/TOPIC.schema.json, DIR/TOPIC.json (JSON Schema, drafts 4 to 7) and
// DIR/TOPIC.proto. Errors: Retry if none exists; Fatal if the file is not usable, and the text says why.
Result<SchemaValidatorFactory> open_schema(const std::string& dir, const std::string& logical_topic);

}  // namespace freshet::schemas
