// Finds a topic's schema.
#pragma once

#include <string>

#include "base/result.h"
#include "ports/schema.h"

namespace freshet::schemas {

// Opens DIR/TOPIC.schema.json, DIR/TOPIC.json (JSON Schema, drafts 4 to 7) or DIR/TOPIC.proto, in this order. Retry:
// none of them exists. Fatal: the file cannot be used; the text says why.
Result<SchemaValidatorFactory> open_schema(const std::string& dir, const std::string& logical_topic);

}  // namespace freshet::schemas
