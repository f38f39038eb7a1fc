// Arbitrary text as the JSON of a Python settings file: it is applied, or refused with a reason.
#include <cstdlib>
#include <string>

#include "snuba/snuba_settings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  const std::string text(reinterpret_cast<const char*>(data), size);
  snuba::SnubaSettings settings;
  const Status applied = snuba::apply_python_settings(text, settings);
  if (!applied && applied.error().text.empty()) std::abort();
  if (applied && settings.clusters.empty()) std::abort();
  const auto brokers = snuba::broker_config_from_json(text);
  if (!brokers && brokers.error().text.empty()) std::abort();
  return 0;
}
