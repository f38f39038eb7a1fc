// The payload checks that precede the processor must not crash on arbitrary bytes.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "schemas/protobuf_syntax.h"
#include "schemas/schema_folder.h"
#include "snuba_outputs/ipv4_statistics.h"

namespace {

// A recursive schema: validation goes as deep as the payload.
std::unique_ptr<freshet::SchemaValidator> recursive_schema() {
  const auto folder = std::filesystem::temp_directory_path() / "freshet-fuzz-schema";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "t.schema.json")
      << R"({"type":["object","array","string","number","null","boolean"],"items":{"$ref":"#"},)"
         R"("additionalProperties":{"$ref":"#"},"maxItems":3,"pattern":"^[a-z]*$"})";
  const auto factory = freshet::schemas::open_schema(folder.string(), "t");
  return factory ? (*factory)() : nullptr;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto schema = recursive_schema();
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  freshet::schemas::ProtobufSyntax().why_invalid(bytes);
  freshet::snuba_outputs::has_ipv4_pattern(bytes);
  freshet::snuba_outputs::is_utf8(bytes);
  schema->why_invalid(bytes);
  return 0;
}
