// The last hour of the process, in memory, for the charts of the page.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "admin/status_json.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/renewal.h"
#include "model/status.h"

namespace freshet::admin {

// The counts of a histogram since the start of the process.
struct HistogramCounts {
  std::vector<double> bounds;     // ascending, without infinity
  std::vector<uint64_t> buckets;  // not cumulative; one more than bounds, or empty: nothing is known
};

// The quantile of what was counted between two readings, in the unit of the bounds, interpolated inside its bucket.
// Above the last bound: the last bound. nullopt if nothing was counted.
std::optional<double> quantile(const HistogramCounts& before, const HistogramCounts& now, double q);

// What the process knows about itself at one time.
struct HistoryReading {
  StreamStatus stream;
  HistogramCounts insert_seconds;   // of one attempt to insert
  HistogramCounts latency_seconds;  // from the broker's timestamp until the row is stored
};

// Memory is bounded by the constants: at most 360 samples of 128 partitions, about 1 MB. Threads: any.
class History {
 public:
  static constexpr Duration kInterval = std::chrono::seconds(10);
  static constexpr size_t kSamples = 360;
  static constexpr size_t kPartitions = 128;  // of a sample: the first ones
  static constexpr size_t kRenewals = 100;

  explicit History(Clock& clock) : clock_(clock) {}

  // Adds a sample; the rates are those since the last reading. Forgets the oldest sample beyond kSamples.
  void add(HistoryReading reading);
  // Adds the renewal, or what has become known about it since. Call it often: it sees only the last one.
  void add(const RenewalReport& renewal);
  // Of inserts and of the latency, each from the newest sample that has it and is not older than a minute.
  RecentTimes recent_times() const;
  // The body of GET /history: one list of numbers for each series, all of the same length; null = not known.
  std::string json() const;

 private:
  using Number = std::optional<double>;
  struct PartitionPoint {
    double lag;  // negative = not known
    int32_t partition;
    float rate;  // messages per second; negative = not known
  };
  struct Sample {
    SystemTime at;
    Number rows, messages, dead_letters, insert_errors;  // per second
    double lag = 0;
    double blocked = 0;  // partitions
    double in_flight_bytes = 0;
    std::array<Number, 3> insert_ms;
    std::array<Number, 3> latency_ms;
    std::vector<PartitionPoint> partitions;
    size_t partitions_omitted = 0;
  };
  void add_partitions(const HistoryReading& reading, double seconds, Sample& sample) const REQUIRES(mutex_);

  Clock& clock_;
  mutable Mutex mutex_;
  std::deque<Sample> samples_ GUARDED_BY(mutex_);
  std::deque<RenewalReport> renewals_ GUARDED_BY(mutex_);
  std::optional<HistoryReading> last_ GUARDED_BY(mutex_);
  SteadyTime last_at_ GUARDED_BY(mutex_);
};

// Fills a history on a thread of its own until it is destroyed: a reading per History::kInterval, and the last renewal
// every second. The functions must not block.
class HistorySampler {
 public:
  HistorySampler(History& history, std::function<HistoryReading()> read,
                 std::function<std::optional<RenewalReport>()> last_renewal, Clock& clock);

 private:
  std::jthread thread_;
};

}  // namespace freshet::admin
