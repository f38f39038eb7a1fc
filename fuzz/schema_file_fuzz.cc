// Arbitrary text as a JSON Schema: it is refused with a reason, or the validator works with any payload.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "schemas/json_schema.h"

namespace {

std::filesystem::path schema_path() {
  const auto folder = std::filesystem::temp_directory_path() / ("freshet-schema-fuzz-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  return folder / "t.schema.json";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  static const std::filesystem::path path = schema_path();
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto factory = schemas::open_json_schema(path.string());
  if (!factory && factory.error().text.empty()) std::abort();
  if (!factory) return 0;
  const auto validator = (*factory)();
  for (const std::string_view payload : {R"({"a":[1,"x",null,{"b":1.5}]})", "[]", "\"text\"", "{"}) {
    (void)validator->why_invalid(payload);
  }
  return 0;
}
