// Arbitrary text as Snuba's values.json: it is refused or loaded, and every value is within the range in the table.
#include <cstdlib>
#include <string>

#include "runtime_config/python_text.h"
#include "runtime_config/table.h"
#include "runtime_config/values_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  const std::string text(reinterpret_cast<const char*>(data), size);
  // Converting a value again must not change it: the text is what Python would print.
  const std::string typed = runtime_config::python_text(text);
  if (runtime_config::python_text(typed) != typed) std::abort();
  const auto raw = runtime_config::parse_values(text);
  if (!raw) return 0;
  std::vector<runtime_config::BadOption> bad;
  const LiveOptions read = runtime_config::read_options(*raw, {"group", "errors"}, LiveOptions(), LiveOptions(), bad);
  if (read.insert.max_retries > 20 || read.insert.connect_timeout.count() < 1) std::abort();
  if (!(read.insert.retry_jitter_factor >= 0 && read.insert.retry_jitter_factor <= 1)) std::abort();
  if (!(read.dead_letters_by_age.sample_rate >= 0 && read.dead_letters_by_age.sample_rate <= 1)) std::abort();
  if (read.dead_letters_by_age.threshold.count() < 1) std::abort();
  return 0;
}
