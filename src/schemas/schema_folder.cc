#include "schemas/schema_folder.h"

#include <fmt/format.h>

#include <filesystem>

#include "schemas/json_schema.h"
#include "schemas/protobuf_syntax.h"

namespace freshet::schemas {

Result<SchemaValidatorFactory> open_schema(const std::string& dir, const std::string& logical_topic) {
  const std::filesystem::path folder(dir);
  for (const char* ending : {".schema.json", ".json"}) {
    const auto file = folder / (logical_topic + ending);
    if (std::filesystem::exists(file)) return open_json_schema(file.string());
  }
  const auto proto = folder / (logical_topic + ".proto");
  if (std::filesystem::exists(proto)) {
    return SchemaValidatorFactory([] { return std::make_unique<ProtobufSyntax>(); });
  }
  return failure(ErrorKind::Retry, fmt::format("{}: no schema for the topic {}: expected {}.schema.json or {}.proto",
                                               dir, logical_topic, logical_topic, logical_topic));
}

}  // namespace freshet::schemas
