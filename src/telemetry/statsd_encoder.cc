#include "telemetry/statsd_encoder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace freshet::telemetry {
namespace {

constexpr std::string_view kPrefix = "snuba.consumer.";
constexpr size_t kValuesOfOneLine = 64;

// Replaces characters that would end a tag or a line by '_'.
std::string tag(std::string_view name, std::string_view value) {
  std::string out = fmt::format("{}:{}", name, value);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == ',' || c == '|' || c == '#' || c == '\n' || c == '\r'; }, '_');
  return out;
}

std::string with_fraction(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

void append(std::string& list, const std::string& one) { list += (list.empty() ? "" : ",") + one; }

}  // namespace

std::vector<std::string> StatsdEncoder::encode(const Metrics& metrics, const AssignedPartitions& assigned) {
  payloads_.clear();
  describe(assigned);
  metrics.visit([this](const Metrics::Family& family) { add_family(family); });
  add_partition_counts(assigned);
  return std::move(payloads_);
}

// Builds the tags of every metric. Older Snuba sorts them by key.
void StatsdEncoder::describe(const AssignedPartitions& assigned) {
  std::vector<std::string> tags;
  if (assigned) {
    const PartitionTags owned = partition_tags(*assigned);
    if (settings_.tag_assigned_partitions) tags.push_back(tag("assigned_partitions", owned.assigned));
    tags.push_back(tag("min_partition", owned.least));
  }
  for (const auto& [name, value] : settings_.tags) tags.push_back(tag(name, value));
  if (settings_.june) {
    std::sort(tags.begin(), tags.end());
  } else {
    tags.push_back("dogstatsd_transport:uds");
  }
  global_tags_ = fmt::format("{}", fmt::join(tags, ","));
}

void StatsdEncoder::add_family(const Metrics::Family& family) {
  for (const StatsdLine& line : statsd_table()) {
    if (line.metric != family.name) continue;
    for (const Metrics::Sample& sample : family.samples) {
      Labels tags;
      if (takes(line, sample.labels, settings_.june, tags)) add(line, sample, tags);
    }
  }
}

void StatsdEncoder::add(const StatsdLine& line, const Metrics::Sample& sample, const Labels& tags) {
  if (sample.gauge != nullptr) return add_gauge(line, sample.gauge->value(), tags);
  if (sample.counter != nullptr) {
    // Arroyo sends librdkafka's totals as gauges.
    if (line.type == StatsdLine::Type::Gauge)
      return add_gauge(line, static_cast<double>(sample.counter->value()), tags);
    return add_counter(line, sample.counter->value(), line.scale, sample.labels, tags);
  }
  if (sample.seconds != nullptr) {
    return add_counter(line, sample.seconds->nanoseconds(), line.scale / 1e9, sample.labels, tags);
  }
  add_timer(line, *sample.histogram, tags);
}

// Arroyo rounds milliseconds down.
void StatsdEncoder::add_gauge(const StatsdLine& line, double value, const Labels& tags) {
  const double scaled = value * line.scale;
  const double sent = line.scale == 1 ? scaled : std::floor(scaled + 1e-6);
  this->line(line.name, false, settings_.june ? fmt::format("{}", std::llround(sent)) : with_fraction(sent), "g", tags);
}

void StatsdEncoder::add_counter(const StatsdLine& line, uint64_t value, double scale, const Labels& labels,
                                const Labels& tags) {
  Sent& sent = sent_[{&line, labels}];
  const double grown = static_cast<double>(value - sent.value) * scale + sent.fraction;
  const double whole = std::floor(grown);
  sent.value = value;
  sent.fraction = grown - whole;
  if (line.type == StatsdLine::Type::SumTimer) {
    if (whole > 0) values(line.name, {whole}, 1, tags);
    return;
  }
  if (whole > 0) {
    count(line.name, static_cast<uint64_t>(whole), tags);
  } else if (!sent.idle && !settings_.june) {
    count(line.name, 0, tags);
  }
  sent.idle = whole <= 0;
}

void StatsdEncoder::add_timer(const StatsdLine& line, const Histogram& histogram, const Labels& tags) {
  drained_.clear();
  const uint64_t observed = histogram.take_recent(drained_);
  for (double& value : drained_) value = std::max(0.0, std::round(value * line.scale));
  values(line.name, drained_, observed, tags);
}

// Counts assigned and revoked partitions at each change of the assignment.
void StatsdEncoder::add_partition_counts(const AssignedPartitions& assigned) {
  std::vector<int32_t> now = assigned.value_or(std::vector<int32_t>());
  std::sort(now.begin(), now.end());
  std::vector<int32_t> came, went;
  std::set_difference(now.begin(), now.end(), owned_.begin(), owned_.end(), std::back_inserter(came));
  std::set_difference(owned_.begin(), owned_.end(), now.begin(), now.end(), std::back_inserter(went));
  if (!came.empty()) count("arroyo.consumer.partitions_assigned.count", came.size(), {});
  if (!went.empty()) count("arroyo.consumer.partitions_revoked.count", went.size(), {});
  owned_ = std::move(now);
}

void StatsdEncoder::count(std::string_view name, uint64_t value, const Labels& tags) {
  line(name, false, std::to_string(value), "c", tags);
}

// If there were more observations than `values`, these are the latest ones, and the line has a sample rate.
void StatsdEncoder::values(std::string_view name, const std::vector<double>& values, uint64_t observed,
                           const Labels& tags) {
  const bool sampled = observed > values.size() && !values.empty();
  const std::string rate =
      sampled ? fmt::format("|@{:.6f}", static_cast<double>(values.size()) / static_cast<double>(observed)) : "";
  if (settings_.june) {
    for (const double value : values) line(name, true, fmt::format("{:.0f}", value), "ms", tags, rate);
    return;
  }
  for (size_t begin = 0; begin < values.size(); begin += kValuesOfOneLine) {
    std::string list;
    for (size_t i = begin; i < std::min(begin + kValuesOfOneLine, values.size()); ++i) {
      list += (list.empty() ? "" : ":") + with_fraction(values[i]);
    }
    line(name, true, list, "d", tags, rate);
  }
}

void StatsdEncoder::line(std::string_view name, bool timer, std::string_view value, const char* type,
                         const Labels& tags, const std::string& rate) {
  std::string all;
  for (const auto& [key, text] : tags) append(all, tag(key, text));
  if (!global_tags_.empty()) append(all, global_tags_);
  const std::string text =
      fmt::format("{}{}{}:{}|{}{}{}{}", name.starts_with("snuba.") ? "" : kPrefix, name,
                  timer && !settings_.june ? ".distribution" : "", value, type, rate, all.empty() ? "" : "|#", all);
  // Current Snuba ends each line with a line feed; older Snuba only separates lines with it.
  if (settings_.june) {
    if (payloads_.empty() || payloads_.back().size() + 1 + text.size() > max_payload_) {
      payloads_.push_back(text);
    } else {
      payloads_.back() += '\n' + text;
    }
    return;
  }
  if (payloads_.empty() || payloads_.back().size() + text.size() + 1 > max_payload_) payloads_.emplace_back();
  payloads_.back() += text + '\n';
}

}  // namespace freshet::telemetry
