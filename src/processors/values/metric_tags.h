// Shared by the metrics data sets: sorted tags and the id of a time series.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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
template <typename Value>
void order_tags(std::vector<MetricTag<Value>>& tags) {
  sort_last_wins(tags, [](const auto& tag) { return tag.key; });
}

// Decimal digits with an optional '+'; 64 bits. False if the text is not such a number.
bool parse_tag_key(std::string_view text, uint64_t& out);

// False if a key is not a number.
template <typename Value>
bool number_tags(std::vector<MetricTag<Value>>& tags) {
  return std::all_of(tags.begin(), tags.end(), [](auto& tag) { return parse_tag_key(tag.key, tag.number); });
}

// Reads `c`, `s` and so on. Like Snuba, also accepts an object with the type as its only key and the value null.
bool read_metric_type(JsonReader& json, JsonString& out);

// Adler-32 of everything that was added.
class TimeseriesId {
 public:
  void clear() { bytes_.clear(); }
  void add(uint64_t number) { bytes_.append(reinterpret_cast<const char*>(&number), sizeof number); }
  void add(std::string_view text) { bytes_.append(text); }
  void add(const JsonString& text) { bytes_.append(text.view); }
  uint32_t value() const;

 private:
  std::string bytes_;
};

}  // namespace freshet::processors
