// What the metrics data sets share: tags in the reference's order, and the id of a series of values (specs of
// PolymorphicMetricsProcessor, 2 and 3, and of the generic metrics, 3 and 4).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "processors/json_reader.h"
#include "processors/sort_last_wins.h"

namespace freshet::processors {

// `Value` is a number or a JsonString.
template <typename Value>
struct MetricTag {
  std::string_view key;
  uint64_t number = 0;  // what the key says, after number_tags()
  Value value{};
};

// Sorts by the bytes of the keys ("10" before "9"); of a key that is there several times the last stays.
template <typename Value>
void order_tags(std::vector<MetricTag<Value>>& tags) {
  sort_last_wins(tags, [](const auto& tag) { return tag.key; });
}

// Decimal digits, before them one '+' or nothing; 64 bits. False when it is none.
bool parse_tag_key(std::string_view text, uint64_t& out);

// False: a key is no number.
template <typename Value>
bool number_tags(std::vector<MetricTag<Value>>& tags) {
  return std::all_of(tags.begin(), tags.end(), [](auto& tag) { return parse_tag_key(tag.key, tag.number); });
}

// Reads `c`, `s` and the like; also an object with that one key and the value null, as the reference does.
bool read_metric_type(JsonReader& json, JsonString& out);

// Adler-32 over what was added.
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
