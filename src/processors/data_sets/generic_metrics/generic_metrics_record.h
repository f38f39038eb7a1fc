// A message of the topic snuba-generic-metrics, as current and older Snuba read it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "processors/json/json_reader.h"
#include "processors/values/metric_tags.h"

namespace freshet::processors {

// The numbers of a set or distribution in the form in which they were sent.
struct MetricSeries {
  enum class Form : uint8_t {
    List,    // [1,2]
    Array,   // {"format":"array","data":[1,2]}
    Base64,  // {"format":"base64","data":"..."}: packed numbers
    Zstd,    // {"format":"zstd","data":"..."}: packed numbers, compressed
  };
  Form form = Form::List;
  JsonString packed;
};

struct GaugeValue {
  uint64_t count = 0;
  double last = 0;
  double max = 0;
  double min = 0;
  double sum = 0;
};

struct GenericMetricFields {
  JsonString use_case_id;
  uint64_t org_id = 0;
  uint64_t project_id = 0;
  uint64_t metric_id = 0;
  double timestamp = 0;
  double received = 0;
  uint16_t retention_days = 0;
  std::optional<double> sampling_weight;
  std::optional<JsonString> aggregation_option;
  char type = 0;  // c, s, d or g; 0 = another type
  double count = 0;
  MetricSeries series;
  GaugeValue gauge;
};

struct GenericMetric : GenericMetricFields {
  std::vector<uint32_t> set;         // of a list or array
  std::vector<double> distribution;  // of a list or array
  std::vector<MetricTag<JsonString>> tags;

  void clear() {
    static_cast<GenericMetricFields&>(*this) = {};
    set.clear();
    distribution.clear();
    tags.clear();
  }
};

// Counts that are collected while a value is read, before its type is known.
struct SeriesCounts {
  uint32_t lists = 0;
  uint32_t encoded = 0;
};

// Reads records; reuses its memory. Threads: one.
class GenericMetricReader {
 public:
  // Current Snuba. Skips `value`, which read_head_value() reads if the message has the right type.
  bool read_head(JsonReader& json, GenericMetric& out);
  // Call directly after read_head().
  bool read_head_value(JsonReader& json, GenericMetric& out);
  // Older Snuba. Type and value must match, whatever the type is.
  bool read_june(JsonReader& json, GenericMetric& out, SeriesCounts& counts);
  // Reads only the use case and skips everything else.
  static bool read_use_case(JsonReader& json, JsonString& out);

 private:
  bool read_field(JsonReader& json, int field, GenericMetric& out);
  bool read_june_field(JsonReader& json, int field, GenericMetric& out, SeriesCounts& counts);
  bool read_type(JsonReader& json, GenericMetric& out, bool known_only);
  bool read_june_value(JsonReader& json, GenericMetric& out, SeriesCounts& counts);

  std::optional<JsonReader::Mark> value_at_;  // start of the skipped value
};

}  // namespace freshet::processors
