#include "telemetry/error_report.h"

#include <algorithm>
#include <array>

#include "base/log_keys.h"

namespace freshet::telemetry {

bool is_told(std::string_view field) {
  // Only names from the configuration, offsets, and texts of freshet's own. Never add error or value.
  constexpr std::array<std::string_view, 19> kTold = {log_key::kTopic,
                                                      log_key::kPartition,
                                                      log_key::kOffset,
                                                      log_key::kConsumerGroup,
                                                      log_key::kTable,
                                                      log_key::kErrorCode,
                                                      log_key::kAdvice,
                                                      log_key::kFile,
                                                      log_key::kErrorClass,
                                                      "partitions",
                                                      "offsets",
                                                      "resume_offset",
                                                      "offset_ranges",
                                                      "kind",
                                                      "mode",
                                                      "result",
                                                      "key",
                                                      "files",
                                                      "version"};
  return std::find(kTold.begin(), kTold.end(), field) != kTold.end();
}

}  // namespace freshet::telemetry
