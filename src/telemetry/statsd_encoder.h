// Encodes changed metrics as DogStatsD datagrams (https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "telemetry/assigned_partitions.h"
#include "telemetry/statsd_table.h"
#include "telemetry/telemetry_settings.h"

namespace freshet::telemetry {

// Encodes the changes since the last call. A counter that stops changing is sent once more as 0 (like current Snuba), a
// gauge is sent every time, and each value of a timer is sent once. Threads: one.
class StatsdEncoder {
 public:
  // `max_payload`: bytes per datagram. A longer line gets a datagram of its own.
  StatsdEncoder(const StatsdSettings& settings, size_t max_payload) : settings_(settings), max_payload_(max_payload) {}

  std::vector<std::string> encode(const Metrics& metrics, const AssignedPartitions& assigned);

 private:
  struct Sent {
    uint64_t value = 0;   // last value of our counter
    double fraction = 0;  // remainder of scaling that is not sent yet, below one
    bool idle = true;     // the 0 was sent
  };
  using Key = std::pair<const StatsdLine*, Labels>;

  void add_family(const Metrics::Family& family);
  void add(const StatsdLine& line, const Metrics::Sample& sample, const Labels& tags);
  void add_gauge(const StatsdLine& line, double value, const Labels& tags);
  void add_counter(const StatsdLine& line, uint64_t value, double scale, const Labels& labels, const Labels& tags);
  void add_timer(const StatsdLine& line, const Histogram& histogram, const Labels& tags);
  void add_partition_counts(const AssignedPartitions& assigned);
  void count(std::string_view name, uint64_t value, const Labels& tags);
  void values(std::string_view name, const std::vector<double>& values, uint64_t observed, const Labels& tags);
  void line(std::string_view name, bool timer, std::string_view value, const char* type, const Labels& tags,
            const std::string& rate = {});
  void describe(const AssignedPartitions& assigned);

  const StatsdSettings settings_;
  const size_t max_payload_;
  std::map<Key, Sent> sent_;
  std::vector<int32_t> owned_;
  std::string global_tags_;
  std::vector<double> drained_;
  std::vector<std::string> payloads_;
};

}  // namespace freshet::telemetry
