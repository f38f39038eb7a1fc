// COGS: who caused how many bytes, summed by minute and sent once a minute.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "model/rows.h"
#include "ports/record_producer.h"

namespace freshet::snuba_outputs {

// Threads: the loop only. Bounded by minutes in a window and features in a minute.
class CogsAggregator {
 public:
  // `resource`: shared_resource_id of the data set.
  explicit CogsAggregator(std::string resource) : resource_(std::move(resource)) {}

  void add(const std::vector<UsageBytes>& bytes, SystemTime now);
  // Whether the oldest minute began 60 s ago or earlier.
  bool due(SystemTime now) const;
  bool empty() const { return amounts_.empty(); }
  // One record for each minute and feature; the sums begin anew.
  std::vector<ProducerRecord> take();

 private:
  const std::string resource_;
  std::optional<int64_t> first_minute_;  // seconds since 1970 UTC, of the first amount since the last take()
  std::map<std::pair<int64_t, std::string>, uint64_t> amounts_;
};

}  // namespace freshet::snuba_outputs
