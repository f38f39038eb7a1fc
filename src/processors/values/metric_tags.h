// Shared by the metrics data sets: sorted tags and the id of a time series.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

#include "processors/json/json_digits.h"
#include "processors/json/json_reader.h"
#include "processors/values/adler32.h"
#include "processors/values/sort_last_wins.h"

namespace freshet::processors {

// `Value` is a number or a JsonString.
template <typename Value>
struct MetricTag {
  JsonString name;      // of a JsonReader, so that sixteen bytes are readable
  uint64_t number = 0;  // the key as a number, after number_tags()
  Value value{};
};

// Sorts by the bytes of the keys ("10" before "9"). Keeps the last of duplicate keys.
template <typename Tags>
void order_tags(Tags& tags) {
  const auto name = [](const auto& tag) { return std::pair(padded_head(tag.name.view), tag.name.view); };
  const auto end = sort_last_wins(tags.begin(), tags.end(), name);
  tags.truncate(static_cast<size_t>(end - tags.begin()));
}

// Decimal digits with an optional '+'; 64 bits. False if the text is not such a number.
bool parse_tag_key(std::string_view text, uint64_t& out);

// One to eight digits. False: the text is something else, which parse_tag_key() may accept. Eight bytes must be
// readable.
inline bool parse_short_key(std::string_view text, uint64_t& out) {
  if constexpr (std::endian::native != std::endian::little) return false;
  if (text.empty() || text.size() > sizeof out) return false;
  uint64_t word = 0;
  std::memcpy(&word, text.data(), sizeof word);
  word = (word ^ kEightZeros) << (64 - 8 * text.size());
  if (!are_digits(word)) return false;
  out = eight_digits(word);
  return true;
}

// False if a key is not a number.
template <typename Tags>
bool number_tags(Tags& tags) {
  return std::all_of(tags.begin(), tags.end(), [](auto& tag) {
    return parse_short_key(tag.name.view, tag.number) || parse_tag_key(tag.name.view, tag.number);
  });
}

// Reads `c`, `s` and so on. Like Snuba, also accepts an object with the type as its only key and the value null.
bool read_metric_type(JsonReader& json, JsonString& out);

// Of a metric with ordered tags.
template <typename Metric>
uint32_t timeseries_id(const Metric& metric) {
  Adler32 id;
  id.add(metric.org_id);
  id.add(metric.project_id);
  id.add(metric.metric_id);
  for (const auto& tag : metric.tags) {
    id.add_padded(tag.name.view);
    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(tag.value)>, JsonString>) {
      id.add_padded(tag.value.view);
    } else {
      id.add(tag.value);
    }
  }
  return id.value();
}

}  // namespace freshet::processors
