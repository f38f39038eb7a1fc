// Metric handles. A module declares its metrics in <module>_metrics.h; telemetry exports the registry as Prometheus
// text and StatsD. Handles are references that live as long as the registry; an update is a relaxed atomic operation.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace freshet {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  void add(uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Elapsed time in seconds. Negative times count as 0.
class SecondsCounter {
 public:
  void add(std::chrono::nanoseconds time) noexcept {
    if (time.count() > 0) nanoseconds_.fetch_add(static_cast<uint64_t>(time.count()), std::memory_order_relaxed);
  }
  // For a total that is counted elsewhere; never decreases.
  void advance_to(std::chrono::nanoseconds total) noexcept;
  uint64_t nanoseconds() const noexcept { return nanoseconds_.load(std::memory_order_relaxed); }
  double value() const noexcept { return static_cast<double>(nanoseconds()) / 1e9; }

 private:
  std::atomic<uint64_t> nanoseconds_{0};
};

class Gauge {
 public:
  void set(double v) noexcept { value_.store(v, std::memory_order_relaxed); }
  double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Cumulative buckets as in Prometheus; `bounds` ascending, without +Inf.
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds, bool keep_recent = false);
  void observe(double value) noexcept;
  const std::vector<double>& bounds() const noexcept { return bounds_; }
  uint64_t bucket(size_t i) const noexcept { return buckets_[i].load(std::memory_order_relaxed); }  // not cumulative
  uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }
  double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }
  // Appends the values since the last call, at most the last kRecent, and returns how many there were; 0 if none are
  // kept. One caller only. A value that is being written now may appear as an older one.
  uint64_t take_recent(std::vector<double>& out) const;
  static constexpr size_t kRecent = 512;

 private:
  struct Recent {
    std::array<std::atomic<double>, kRecent> values{};
    std::atomic<uint64_t> next{0};
    uint64_t taken = 0;
  };

  const std::vector<double> bounds_;
  const std::unique_ptr<Recent> recent_;
  std::unique_ptr<std::atomic<uint64_t>[]> buckets_;  // bounds_.size() + 1, the last is +Inf
  std::atomic<uint64_t> count_{0};
  std::atomic<double> sum_{0};
};

// Seconds from 1 ms to 2 min.
std::vector<double> latency_buckets();

// Threads: any. The same name and labels return the same handle. The `help` of the first call stays.
class Metrics {
 public:
  enum class Kind { Counter, SecondsCounter, Gauge, Histogram };
  struct Sample {
    Labels labels;
    const Counter* counter = nullptr;
    const SecondsCounter* seconds = nullptr;
    const Gauge* gauge = nullptr;
    const Histogram* histogram = nullptr;
  };
  struct Family {
    std::string name;
    std::string help;
    Kind kind;
    std::vector<Sample> samples;
  };

  Metrics();
  ~Metrics();
  // Histograms created from now on keep their last values for Histogram::take_recent.
  void keep_recent_values();
  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  SecondsCounter& seconds_counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> bounds, Labels labels = {});
  // Removes a gauge from the exposition (a revoked partition); the handle is invalid afterwards.
  void remove_gauge(std::string_view name, const Labels& labels);

  // Visits every family with its samples, sorted by name, under the registry's lock, so that no gauge is removed during
  // the visit.
  void visit(const std::function<void(const Family&)>& visitor) const;

 private:
  struct Entry;
  Entry& family(std::string_view name, std::string_view help, Kind kind) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> families_ GUARDED_BY(mutex_);
  bool keep_recent_ GUARDED_BY(mutex_) = false;
};

}  // namespace freshet
