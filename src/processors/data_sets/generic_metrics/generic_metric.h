// A message of the topic snuba-generic-metrics, as current and older Snuba read it.
#pragma once

#include <cstdint>
#include <optional>

#include "processors/description/field_values.h"
#include "processors/values/metric_tags.h"

namespace freshet::processors {

// The numbers of a set or distribution in the form in which they were sent.
template <typename T>
struct MetricSeries {
  enum class Form : uint8_t {
    List,    // [1,2]
    Array,   // {"format":"array","data":[1,2]}
    Base64,  // {"format":"base64","data":"..."}: packed numbers
    Zstd,    // {"format":"zstd","data":"..."}: packed numbers, compressed
  };
  Form form = Form::List;
  JsonString packed;
  List<T> numbers;                          // of a list or array
  std::optional<JsonReader::Mark> data_at;  // where the data start if they came before their format
};

struct GaugeValue {
  uint64_t count = 0;
  double last = 0;
  double max = 0;
  double min = 0;
  double sum = 0;
};

struct GenericMetric {
  JsonString use_case_id;
  uint64_t org_id = 0;
  uint64_t project_id = 0;
  uint64_t metric_id = 0;
  Seconds timestamp;
  double received = 0;  // seconds
  List<MetricTag<JsonString>> tags;
  char type = 0;                             // c, s, d or g; 0 = another type, or not read yet
  std::optional<JsonReader::Mark> value_at;  // where the value starts if it was passed
  double count = 0;
  MetricSeries<uint32_t> set;
  MetricSeries<double> distribution;
  List<GaugeValue> gauges;  // one, or none
  uint16_t retention_days = 0;
  std::optional<Truncated> sampling_weight;
  std::optional<JsonString> aggregation_option;
  // How many sets and distributions were lists or encoded, also in a message that turned out to be invalid.
  uint32_t lists = 0;
  uint32_t encoded = 0;

  bool has_option(std::string_view name) const { return aggregation_option && aggregation_option->view == name; }
};

// All read the whole message into `out`, which has its default values. False: it is invalid; the reader has the reason.

// Current Snuba. Passes `value`, which read_count() reads if the message has the right type.
bool read_current(ReadContext& in, GenericMetric& out);
// Call directly after read_current().
bool read_count(ReadContext& in, GenericMetric& out);
// Older Snuba. Type and value must match, whatever the type is.
bool read_older(ReadContext& in, GenericMetric& out);
// Reads only the use case and passes everything else.
bool read_use_case(ReadContext& in, GenericMetric& out);

}  // namespace freshet::processors
