// COGS: bytes by feature and minute, sent once a minute.
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

// Threads: the loop only. Holds one sum per minute and feature since the last take().
class CogsAggregator {
 public:
  // `resource` is the shared_resource_id of the data set.
  explicit CogsAggregator(std::string resource) : resource_(std::move(resource)) {}

  void add(const std::vector<UsageBytes>& bytes, SystemTime now);
  // True if the oldest minute began at least 60 s ago.
  bool due(SystemTime now) const;
  bool empty() const { return amounts_.empty(); }
  // Returns one record per minute and feature, and resets the sums.
  std::vector<ProducerRecord> take();

 private:
  const std::string resource_;
  std::optional<int64_t> first_minute_;  // seconds since 1970 UTC; minute of the first add() since take()
  std::map<std::pair<int64_t, std::string>, uint64_t> amounts_;
};

}  // namespace freshet::snuba_outputs
