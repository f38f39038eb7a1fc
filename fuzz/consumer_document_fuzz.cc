// Arbitrary text as Snuba's configuration document and as the storages file: it is loaded, or refused with a reason.
#include <cstdlib>
#include <string>

#include "snuba/consumer_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto config = snuba::parse_document(text);
  if (!config && config.error().text.empty()) std::abort();
  if (config && (config->table.empty() || config->raw.physical.empty() || config->cluster.http_port == 0)) std::abort();
  const auto storages = snuba::storages_from_yaml(text);
  if (!storages && storages.error().text.empty()) std::abort();
  if (storages && storages->size() < snuba::built_in_storages().size()) std::abort();
  return 0;
}
