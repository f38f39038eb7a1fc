// Shared by the metrics data sets: sorted tags and the id of a time series.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "processors/json/json_reader.h"
#include "processors/values/sort_last_wins.h"

namespace freshet::processors {

// `Value` is a number or a JsonString.
template <typename Value>
struct MetricTag {
  std::string_view key;
  uint64_t number = 0;  // the key as a number, after number_tags()
  Value value{};
};

// Sorts by the bytes of the keys ("10" before "9"). Keeps the last of duplicate keys.
template <typename Tags>
void order_tags(Tags& tags) {
  const auto end = sort_last_wins(tags.begin(), tags.end(), [](const auto& tag) { return tag.key; });
  tags.truncate(static_cast<size_t>(end - tags.begin()));
}

// Decimal digits with an optional '+'; 64 bits. False if the text is not such a number.
bool parse_tag_key(std::string_view text, uint64_t& out);

// False if a key is not a number.
template <typename Tags>
bool number_tags(Tags& tags) {
  return std::all_of(tags.begin(), tags.end(), [](auto& tag) { return parse_tag_key(tag.key, tag.number); });
}

// Reads `c`, `s` and so on. Like Snuba, also accepts an object with the type as its only key and the value null.
bool read_metric_type(JsonReader& json, JsonString& out);

// Adler-32 of everything that was added.
class TimeseriesId {
 public:
  void add(uint64_t number) { add(std::string_view(reinterpret_cast<const char*>(&number), sizeof number)); }
  void add(const JsonString& text) { add(text.view); }
  void add(std::string_view text) {
    if (text.size() > bytes_.size() - size_) return add_large(text);
    std::memcpy(bytes_.data() + size_, text.data(), text.size());
    size_ += text.size();
  }
  uint32_t value();

 private:
  void add_large(std::string_view text);

  std::array<char, 512> bytes_;  // not summed yet
  size_t size_ = 0;
  uint32_t sum_ = 1;
};

// Of a metric with ordered tags.
template <typename Metric>
uint32_t timeseries_id(const Metric& metric) {
  TimeseriesId id;
  id.add(metric.org_id);
  id.add(metric.project_id);
  id.add(metric.metric_id);
  for (const auto& tag : metric.tags) {
    id.add(tag.key);
    id.add(tag.value);
  }
  return id.value();
}

}  // namespace freshet::processors
