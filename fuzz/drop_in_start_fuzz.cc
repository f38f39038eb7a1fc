// Startup of a drop-in consumer. Lines of the form NAME=VALUE before an empty line are the environment, the other lines
// are arguments. The result is a refusal with reasons, or a configuration with all required parts.
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "snuba/consumer_config.h"

namespace {

using namespace freshet;

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return out;
}

// Used to skip inputs whose SNUBA_SETTINGS is a path: python3 would execute a file at that path.
bool names_a_file(const std::string& variable) { return variable.find('/') != std::string::npos; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t gap = input.find("\n\n");
  snuba::Environment environment;
  for (const std::string& line : lines(gap == std::string_view::npos ? std::string_view() : input.substr(0, gap))) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos) continue;
    environment[line.substr(0, equals)] = line.substr(equals + 1);
  }
  if (const auto file = environment.find("SNUBA_SETTINGS"); file != environment.end() && names_a_file(file->second)) {
    return 0;
  }
  const auto args = lines(gap == std::string_view::npos ? input : input.substr(gap + 2));
  for (const char* command : {"rust-consumer", "accepted-outcomes-consumer"}) {
    const snuba::Parsed parsed = snuba::parse(command, args);
    const auto settings = snuba::read_snuba_settings(environment);
    if (!settings && settings.error().text.empty()) std::abort();
    if (!settings || !parsed.refusals.empty()) continue;
    for (const snuba::Compat compat : {snuba::Compat::Head, snuba::Compat::June}) {
      const auto config = snuba::resolve(parsed.line, *settings, snuba::built_in_storages(), compat);
      if (!config && config.error().text.empty()) std::abort();
      if (config && (config->table.empty() || config->raw.physical.empty())) std::abort();
    }
  }
  return 0;
}
