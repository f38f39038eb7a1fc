// Arbitrary text as a runtime-config file: it is refused or loaded, and every value is within the range in the table.
#include <cstdlib>
#include <string>

#include "runtime_config/stores.h"
#include "runtime_config/table.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  const auto raw = runtime_config::parse_options(std::string(reinterpret_cast<const char*>(data), size));
  if (!raw) return 0;
  std::vector<runtime_config::BadOption> bad;
  const LiveOptions read = runtime_config::read_options(*raw, {"group"}, LiveOptions(), LiveOptions(), bad);
  if (read.max_batch_rows < 1 || read.max_batch_rows > 999'999) std::abort();
  if (read.clickhouse_concurrency < 1 || read.clickhouse_concurrency > 64) std::abort();
  if (read.max_batch_time.count() < 1) std::abort();
  if (read.renewal.interval.count() < 1 || read.renewal.tick.count() < 0) std::abort();
  return 0;
}
