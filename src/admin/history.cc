#include "admin/history.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/threads.h"

namespace freshet::admin {
namespace {

using nlohmann::ordered_json;

constexpr std::array kQuantiles{0.5, 0.95, 0.99};
constexpr std::array kQuantileNames{"p50", "p95", "p99"};

std::array<std::optional<double>, 3> quantiles_in_ms(const HistogramCounts& before, const HistogramCounts& now) {
  std::array<std::optional<double>, 3> out;
  for (size_t i = 0; i < out.size(); ++i) {
    out[i] = quantile(before, now, kQuantiles[i]);
    if (out[i]) *out[i] *= 1000;
  }
  return out;
}

std::optional<double> rate(uint64_t before, uint64_t now, double seconds) {
  if (now < before || seconds <= 0) return std::nullopt;
  return static_cast<double>(now - before) / seconds;
}

// Three digits are enough for a chart, and make the answer smaller.
ordered_json rounded(std::optional<double> value) {
  if (!value || !std::isfinite(*value)) return nullptr;
  if (*value == std::floor(*value) && std::abs(*value) < 1e15) return static_cast<int64_t>(*value);
  return std::round(*value * 1000) / 1000;
}

std::optional<double> known(double value) { return value < 0 ? std::nullopt : std::optional<double>(value); }

int64_t to_ms(SystemTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

PercentileStatus percentiles(const std::array<std::optional<double>, 3>& in_ms) {
  const auto whole = [](std::optional<double> ms) { return ms ? std::optional(std::round(*ms)) : std::nullopt; };
  return {whole(in_ms[0]), whole(in_ms[1]), whole(in_ms[2])};
}

template <typename Samples, typename Value>
ordered_json series(const Samples& samples, Value value) {
  ordered_json out = ordered_json::array();
  for (const auto& sample : samples) out.push_back(rounded(value(sample)));
  return out;
}

template <typename Samples, typename Member>
ordered_json quantile_series(const Samples& samples, Member member) {
  ordered_json out = ordered_json::object();
  for (size_t i = 0; i < kQuantileNames.size(); ++i) {
    out[kQuantileNames[i]] = series(samples, [&](const auto& sample) { return (sample.*member)[i]; });
  }
  return out;
}

}  // namespace

std::optional<double> quantile(const HistogramCounts& before, const HistogramCounts& now, double q) {
  std::vector<double> counts;
  double total = 0;
  for (size_t i = 0; i < now.buckets.size(); ++i) {
    const uint64_t old = i < before.buckets.size() ? before.buckets[i] : 0;
    counts.push_back(static_cast<double>(now.buckets[i] - std::min(old, now.buckets[i])));
    total += counts.back();
  }
  if (total == 0 || now.bounds.empty()) return std::nullopt;
  double below = 0;
  for (size_t i = 0; i < now.bounds.size() && i < counts.size(); ++i) {
    if (below + counts[i] >= q * total) {
      const double low = i == 0 ? 0 : now.bounds[i - 1];
      const double share = counts[i] == 0 ? 0 : (q * total - below) / counts[i];
      return low + (now.bounds[i] - low) * share;
    }
    below += counts[i];
  }
  return now.bounds.back();
}

void History::add(HistoryReading reading) {
  MutexLock lock(mutex_);
  const SteadyTime now = clock_.steady_now();
  const StreamStatus& stream = reading.stream;
  Sample sample;
  sample.at = clock_.system_now();
  sample.in_flight_bytes = static_cast<double>(stream.in_flight_bytes);
  double seconds = 0;
  if (last_) {
    seconds = to_seconds(now - last_at_);
    const StreamStatus& before = last_->stream;
    sample.rows = rate(before.rows_written, stream.rows_written, seconds);
    sample.messages = rate(before.messages_consumed, stream.messages_consumed, seconds);
    sample.dead_letters = rate(before.dead_letters, stream.dead_letters, seconds);
    sample.insert_errors = rate(before.insert_errors, stream.insert_errors, seconds);
    sample.insert_ms = quantiles_in_ms(last_->insert_seconds, reading.insert_seconds);
    sample.latency_ms = quantiles_in_ms(last_->latency_seconds, reading.latency_seconds);
  }
  add_partitions(reading, seconds, sample);
  samples_.push_back(std::move(sample));
  if (samples_.size() > kSamples) samples_.pop_front();
  last_ = std::move(reading);
  last_at_ = now;
}

// Both lists of partitions are in ascending order or nearly so; a search per partition is cheap for a few hundred.
void History::add_partitions(const HistoryReading& reading, double seconds, Sample& sample) const {
  for (const PartitionStatus& one : reading.stream.partitions) {
    sample.lag += static_cast<double>(one.lag.value_or(0));
    if (!one.blocked.empty()) ++sample.blocked;
    if (sample.partitions.size() == kPartitions) {
      ++sample.partitions_omitted;
      continue;
    }
    PartitionPoint point{one.lag ? static_cast<double>(*one.lag) : -1.0, one.partition.value, -1.0F};
    if (last_) {
      const auto& before = last_->stream.partitions;
      const auto found =
          std::find_if(before.begin(), before.end(), [&](const auto& old) { return old.partition == one.partition; });
      // A position moves back when another member has read the partition, or an operator resets the group.
      if (found != before.end() && found->position <= one.position && seconds > 0) {
        point.rate = static_cast<float>(static_cast<double>(one.position.value - found->position.value) / seconds);
      }
    }
    sample.partitions.push_back(point);
  }
}

void History::add(const RenewalReport& renewal) {
  MutexLock lock(mutex_);
  if (!renewals_.empty() && renewals_.back().number == renewal.number) {
    renewals_.back() = renewal;
    return;
  }
  renewals_.push_back(renewal);
  if (renewals_.size() > kRenewals) renewals_.pop_front();
}

RecentTimes History::recent_times() const {
  constexpr size_t kOfAMinute = std::chrono::minutes(1) / kInterval;
  MutexLock lock(mutex_);
  const size_t oldest = samples_.size() - std::min(samples_.size(), kOfAMinute);
  // Each has a last sample of its own: an insert may have failed, or its messages have no time of the broker.
  const auto last = [&](auto member) REQUIRES(mutex_) {
    for (size_t i = samples_.size(); i-- > oldest;) {
      if ((samples_[i].*member)[0]) return percentiles(samples_[i].*member);
    }
    return PercentileStatus{};
  };
  return {last(&Sample::insert_ms), last(&Sample::latency_ms)};
}

std::string History::json() const {
  MutexLock lock(mutex_);
  ordered_json out;
  out["interval_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(kInterval).count();
  out["at_ms"] = ordered_json::array();
  for (const Sample& sample : samples_) out["at_ms"].push_back(to_ms(sample.at));
  const auto of = [this](auto member) REQUIRES(mutex_) {
    return series(samples_, [member](const Sample& sample) -> Number { return sample.*member; });
  };
  out["rows_per_second"] = of(&Sample::rows);
  out["messages_per_second"] = of(&Sample::messages);
  out["dead_letters_per_second"] = of(&Sample::dead_letters);
  out["insert_errors_per_second"] = of(&Sample::insert_errors);
  out["lag"] = of(&Sample::lag);
  out["blocked_partitions"] = of(&Sample::blocked);
  out["in_flight_bytes"] = of(&Sample::in_flight_bytes);
  out["insert_ms"] = quantile_series(samples_, &Sample::insert_ms);
  out["latency_ms"] = quantile_series(samples_, &Sample::latency_ms);
  out["partitions"] = ordered_json::array();
  const std::vector<PartitionPoint> newest =
      samples_.empty() ? std::vector<PartitionPoint>() : samples_.back().partitions;
  for (size_t i = 0; i < newest.size(); ++i) {
    const int32_t id = newest[i].partition;
    // Mostly each sample has the same partitions at the same places.
    const auto point = [i, id](const Sample& sample) -> const PartitionPoint* {
      const auto& all = sample.partitions;
      if (i < all.size() && all[i].partition == id) return &all[i];
      const auto found = std::find_if(all.begin(), all.end(), [id](const auto& one) { return one.partition == id; });
      return found == all.end() ? nullptr : &*found;
    };
    const auto of_partition = [&](auto member) REQUIRES(mutex_) {
      return series(samples_, [&](const Sample& sample) -> Number {
        const PartitionPoint* one = point(sample);
        return one == nullptr ? std::nullopt : known(static_cast<double>(one->*member));
      });
    };
    out["partitions"].push_back({{"partition", id},
                                 {"lag", of_partition(&PartitionPoint::lag)},
                                 {"messages_per_second", of_partition(&PartitionPoint::rate)}});
  }
  out["partitions_omitted"] = samples_.empty() ? 0 : samples_.back().partitions_omitted;
  out["renewals"] = ordered_json::array();
  for (const RenewalReport& renewal : renewals_) out["renewals"].push_back(parse_ordered_json(renewal_json(renewal)));
  return to_json_text(out) + "\n";
}

HistorySampler::HistorySampler(History& history, std::function<HistoryReading()> read,
                               std::function<std::optional<RenewalReport>()> last_renewal, Clock& clock)
    : thread_(needed_thread("history", [&history, read = std::move(read), last_renewal = std::move(last_renewal),
                                        &clock](std::stop_token stop) {
        SteadyTime next = clock.steady_now();
        do {
          if (const auto renewal = last_renewal()) history.add(*renewal);
          if (clock.steady_now() < next) continue;
          history.add(read());
          next = std::max(next + History::kInterval, clock.steady_now());
        } while (sleep_interruptibly(clock, stop, std::chrono::seconds(1)));
      })) {}

}  // namespace freshet::admin
