#include "base/metrics.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace freshet {

Histogram::Histogram(std::vector<double> bounds, bool keep_recent)
    : bounds_(std::move(bounds)),
      recent_(keep_recent ? std::make_unique<Recent>() : nullptr),
      buckets_(std::make_unique<std::atomic<uint64_t>[]>(bounds_.size() + 1)) {}

void Histogram::observe(double value) noexcept {
  const auto it = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  buckets_[static_cast<size_t>(it - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
  if (recent_ == nullptr) return;
  const uint64_t slot = recent_->next.fetch_add(1, std::memory_order_relaxed);
  recent_->values[slot % kRecent].store(value, std::memory_order_relaxed);
}

uint64_t Histogram::take_recent(std::vector<double>& out) const {
  if (recent_ == nullptr) return 0;
  const uint64_t end = recent_->next.load(std::memory_order_relaxed);
  const uint64_t begin = std::exchange(recent_->taken, end);
  for (uint64_t i = std::max(begin, end < kRecent ? 0 : end - kRecent); i < end; ++i) {
    out.push_back(recent_->values[i % kRecent].load(std::memory_order_relaxed));
  }
  return end - begin;
}

void SecondsCounter::advance_to(std::chrono::nanoseconds total) noexcept {
  const auto target = static_cast<uint64_t>(std::max<int64_t>(total.count(), 0));
  uint64_t now = nanoseconds();
  while (now < target && !nanoseconds_.compare_exchange_weak(now, target, std::memory_order_relaxed)) {
  }
}

std::vector<double> latency_buckets() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120};
}

struct Metrics::Entry {
  std::string help;
  Kind kind;
  std::map<Labels, std::unique_ptr<Counter>> counters;
  std::map<Labels, std::unique_ptr<SecondsCounter>> seconds;
  std::map<Labels, std::unique_ptr<Gauge>> gauges;
  std::map<Labels, std::unique_ptr<Histogram>> histograms;
};

Metrics::Metrics() = default;
Metrics::~Metrics() = default;

Metrics::Entry& Metrics::family(std::string_view name, std::string_view help, Kind kind) {
  auto it = families_.find(name);
  if (it == families_.end()) {
    it = families_.emplace(std::string(name), std::make_unique<Entry>()).first;
    it->second->help = help;
    it->second->kind = kind;
  }
  if (it->second->kind != kind) throw std::logic_error("metric declared with two kinds: " + std::string(name));
  return *it->second;
}

void Metrics::keep_recent_values() {
  MutexLock lock(mutex_);
  keep_recent_ = true;
}

Counter& Metrics::counter(std::string_view name, std::string_view help, Labels labels) {
  MutexLock lock(mutex_);
  auto& slot = family(name, help, Kind::Counter).counters[std::move(labels)];
  if (!slot) slot = std::make_unique<Counter>();
  return *slot;
}

SecondsCounter& Metrics::seconds_counter(std::string_view name, std::string_view help, Labels labels) {
  MutexLock lock(mutex_);
  auto& slot = family(name, help, Kind::SecondsCounter).seconds[std::move(labels)];
  if (!slot) slot = std::make_unique<SecondsCounter>();
  return *slot;
}

Gauge& Metrics::gauge(std::string_view name, std::string_view help, Labels labels) {
  MutexLock lock(mutex_);
  auto& slot = family(name, help, Kind::Gauge).gauges[std::move(labels)];
  if (!slot) slot = std::make_unique<Gauge>();
  return *slot;
}

Histogram& Metrics::histogram(std::string_view name, std::string_view help, std::vector<double> bounds, Labels labels) {
  MutexLock lock(mutex_);
  auto& slot = family(name, help, Kind::Histogram).histograms[std::move(labels)];
  if (!slot) slot = std::make_unique<Histogram>(std::move(bounds), keep_recent_);
  return *slot;
}

void Metrics::remove_gauge(std::string_view name, const Labels& labels) {
  MutexLock lock(mutex_);
  const auto it = families_.find(name);
  if (it != families_.end()) it->second->gauges.erase(labels);
}

void Metrics::visit(const std::function<void(const Family&)>& visitor) const {
  MutexLock lock(mutex_);
  for (const auto& [name, entry] : families_) {
    Family family{name, entry->help, entry->kind, {}};
    for (const auto& [labels, c] : entry->counters) family.samples.push_back({.labels = labels, .counter = c.get()});
    for (const auto& [labels, s] : entry->seconds) family.samples.push_back({.labels = labels, .seconds = s.get()});
    for (const auto& [labels, g] : entry->gauges) family.samples.push_back({.labels = labels, .gauge = g.get()});
    for (const auto& [labels, h] : entry->histograms) {
      family.samples.push_back({.labels = labels, .histogram = h.get()});
    }
    visitor(family);
  }
}

}  // namespace freshet
