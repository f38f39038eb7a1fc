// What `freshet top` shows of one process: its answer to /status, and rates from the answers before.
#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace freshet::app {

struct PartitionLine {
  int64_t partition = 0;
  int64_t position = 0;
  std::optional<int64_t> committed;
  std::optional<int64_t> lag;
  bool paused = false;
  std::string blocked;  // reason; empty = not blocked
};

// Percentiles of the last seconds; nullopt = nothing was stored.
struct Times {
  std::optional<double> p50, p95, p99;
};

// Texts are fit for a terminal.
struct ProcessAnswer {
  std::string error;  // why there is no answer; then nothing else is set
  std::string version;
  std::string topic;
  std::string table;
  std::string group;
  std::string state;  // one word or a reason: "streaming", "waiting: ...", "not ready: ..."
  bool good = false;  // healthy and ready
  uint64_t rows = 0;
  uint64_t messages = 0;
  uint64_t dead_letters = 0;
  uint64_t in_flight_bytes = 0;
  uint64_t insert_errors = 0;
  uint64_t kafka_errors = 0;
  Times insert_ms;
  Times latency_ms;  // from the broker to the table
  int64_t lag = 0;   // of all partitions
  uint64_t consumer_number = 0;
  double consumer_age_seconds = 0;
  std::string delivery;
  std::string insert_format;
  std::string last_renewal;  // empty = none yet
  std::string renewal_waits_for;
  std::string last_insert_error;
  std::string last_kafka_error;
  std::vector<PartitionLine> partitions;

  size_t blocked() const;
};

// The body of an answer with this HTTP status. Never fails: what is missing stays empty.
ProcessAnswer read_answer(int http_status, const std::string& body);

// Threads: one.
class ProcessView {
 public:
  explicit ProcessView(std::string address) : address_(std::move(address)) {}

  void update(ProcessAnswer answer, SteadyTime now);
  const std::string& address() const { return address_; }
  const ProcessAnswer& last() const { return last_; }
  // Per second, over the last answers; 0 if there are not two.
  double rows_per_second() const { return rate(&Sample::rows); }
  double dead_letters_per_second() const { return rate(&Sample::dead_letters); }

 private:
  struct Sample {
    SteadyTime at;
    uint64_t rows;
    uint64_t dead_letters;
  };
  double rate(uint64_t Sample::*count) const;

  std::string address_;
  ProcessAnswer last_;
  std::deque<Sample> samples_;
};

}  // namespace freshet::app
