#include "telemetry/error_report.h"

#include <algorithm>
#include <array>

namespace freshet::telemetry {

bool is_told(std::string_view field) {
  // Names that the operator gave, offsets, and words of this program's own. Never: error, reason, last_error, value.
  constexpr std::array<std::string_view, 18> kTold = {
      "topic", "partition", "partitions", "offset", "offsets", "spans",  "table", "consumer_group", "code",
      "class", "kind",      "mode",       "result", "key",     "advice", "path",  "files",          "version"};
  return std::find(kTold.begin(), kTold.end(), field) != kTold.end();
}

}  // namespace freshet::telemetry
