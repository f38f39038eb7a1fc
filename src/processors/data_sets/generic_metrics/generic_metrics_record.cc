#include "processors/data_sets/generic_metrics/generic_metrics_record.h"

#include "processors/json/read_lists.h"
#include "processors/json/struct_reader.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

enum In { kUseCase, kOrg, kProject, kMetricId, kTime, kReceived, kTags, kType, kValue, kRetention, kWeight, kOption };
constexpr Fields kFields({{"use_case_id", Need::Required},
                          {"org_id", Need::Required},
                          {"project_id", Need::Required},
                          {"metric_id", Need::Required},
                          {"timestamp", Need::Required},
                          {"sentry_received_timestamp", Need::Required},
                          {"tags", Need::Required},
                          {"type", Need::Required},
                          {"value", Need::Required},
                          {"retention_days", Need::Required},
                          {"sampling_weight"},
                          {"aggregation_option"}});

constexpr Fields kUseCaseOnly({{"use_case_id", Need::Required}});

enum InGauge { kCount, kLast, kMax, kMin, kSum };
constexpr Fields kGaugeFields({{"count", Need::Required},
                               {"last", Need::Required},
                               {"max", Need::Required},
                               {"min", Need::Required},
                               {"sum", Need::Required}});

enum InSeries { kFormat, kData };
constexpr Fields kSeriesFields({{"format", Need::Required}, {"data", Need::Required}});

bool read_tags(JsonReader& json, std::vector<MetricTag<JsonString>>& tags, bool escaped_keys) {
  tags.clear();
  JsonString key;
  for (json.enter_object(); json.next_key(key);) {
    if (!key.plain && !escaped_keys) return json.fail("a tag's key has an escape");
    MetricTag<JsonString>& tag = tags.emplace_back();
    tag.key = key.view;
    if (!json.read_string(tag.value)) return false;
  }
  return !json.failed();
}

template <typename T>
bool read_numbers(JsonReader& json, std::vector<T>& out) {
  out.clear();
  return read_list(json, [&] { return read_value(json, out.emplace_back()); });
}

bool read_form(JsonReader& json, MetricSeries::Form& out) {
  JsonString format;
  if (!json.read_string(format)) return false;
  if (format.view == "array") {
    out = MetricSeries::Form::Array;
  } else if (format.view == "base64") {
    out = MetricSeries::Form::Base64;
  } else if (format.view == "zstd") {
    out = MetricSeries::Form::Zstd;
  } else {
    return json.fail("format is not one of array, base64, zstd");
  }
  return true;
}

template <typename T>
bool read_data(JsonReader& json, MetricSeries& series, std::vector<T>& numbers) {
  return series.form == MetricSeries::Form::Array ? read_numbers(json, numbers) : json.read_string(series.packed);
}

// {"format":...,"data":...}, in any order.
template <typename T>
bool read_encoded(JsonReader& json, MetricSeries& series, std::vector<T>& numbers) {
  series.form = MetricSeries::Form::List;
  std::optional<JsonReader::Mark> data_at;
  StructReader fields(json, kSeriesFields, Unknown::Check, true);
  for (int field; (field = fields.next()) >= 0;) {
    if (field == kFormat) {
      if (!read_form(json, series.form)) return false;
    } else if (series.form != MetricSeries::Form::List) {
      if (!read_data(json, series, numbers)) return false;
    } else {
      data_at = json.mark();
      if (!json.check()) return false;
    }
  }
  if (!fields.complete()) return false;
  if (!data_at) return true;
  const JsonReader::Mark end = json.mark();
  json.rewind(*data_at);
  if (!read_data(json, series, numbers)) return false;
  json.rewind(end);
  return true;
}

template <typename T>
bool read_series(JsonReader& json, MetricSeries& series, std::vector<T>& numbers, SeriesCounts& counts) {
  switch (json.peek()) {
    case JsonKind::Array:
      ++counts.lists;
      series.form = MetricSeries::Form::List;
      return read_numbers(json, numbers);
    case JsonKind::Object:
      ++counts.encoded;
      return read_encoded(json, series, numbers);
    default:
      return json.fail("expected a list of numbers or an encoded list");
  }
}

bool read_gauge(JsonReader& json, GaugeValue& out) {
  StructReader fields(json, kGaugeFields, Unknown::Check, true);
  for (int field; (field = fields.next()) >= 0;) {
    bool read = false;
    switch (field) {
      case kCount:
        read = json.read_u64(out.count);
        break;
      case kLast:
        read = json.read_f64(out.last);
        break;
      case kMax:
        read = json.read_f64(out.max);
        break;
      case kMin:
        read = json.read_f64(out.min);
        break;
      default:
        read = json.read_f64(out.sum);
    }
    if (!read) return false;
  }
  return fields.complete();
}

}  // namespace

bool GenericMetricReader::read_use_case(JsonReader& json, JsonString& out) {
  StructReader fields(json, kUseCaseOnly, Unknown::Skip);
  while (fields.next() >= 0) {
    if (!json.read_string(out)) return false;
  }
  return fields.complete() && json.finish();
}

bool GenericMetricReader::read_field(JsonReader& json, int field, GenericMetric& out) {
  switch (field) {
    case kUseCase:
      return json.read_string(out.use_case_id);
    case kOrg:
      return json.read_u64(out.org_id);
    case kProject:
      return json.read_u64(out.project_id);
    case kMetricId:
      return json.read_u64(out.metric_id);
    case kTime:
      return json.read_f64_to_truncate(out.timestamp);
    case kReceived:
      return json.read_f64(out.received);
    case kRetention:
      return json.read_unsigned(out.retention_days);
    case kWeight:
      return read_optional_to_truncate(json, out.sampling_weight);
    case kOption:
      return read_optional(json, out.aggregation_option);
    default:
      return false;
  }
}

bool GenericMetricReader::read_type(JsonReader& json, GenericMetric& out, bool known_only) {
  JsonString type;
  if (!read_metric_type(json, type)) return false;
  const bool known = type.view.size() == 1 && std::string_view("csdg").find(type.view[0]) != std::string_view::npos;
  if (!known && known_only) return json.fail("type is not one of c, s, d, g");
  out.type = known ? type.view[0] : '\0';
  return true;
}

bool GenericMetricReader::read_head(JsonReader& json, GenericMetric& out) {
  out.clear();
  StructReader fields(json, kFields, Unknown::Skip);
  for (int field; (field = fields.next()) >= 0;) {
    bool read = false;
    switch (field) {
      case kTags:
        read = read_tags(json, out.tags, false);
        break;
      case kType:
        read = read_type(json, out, false);
        break;
      case kValue:
        value_at_ = json.mark();
        read = json.skip();
        break;
      default:
        read = read_field(json, field, out);
    }
    if (!read) return false;
  }
  return fields.complete() && json.finish();
}

bool GenericMetricReader::read_head_value(JsonReader& json, GenericMetric& out) {
  json.rewind(*value_at_);
  return json.read_f64(out.count);
}

bool GenericMetricReader::read_june_value(JsonReader& json, GenericMetric& out, SeriesCounts& counts) {
  switch (out.type) {
    case 'c':
      return json.read_f64(out.count);
    case 's':
      return read_series(json, out.series, out.set, counts);
    case 'd':
      return read_series(json, out.series, out.distribution, counts);
    default:
      return read_gauge(json, out.gauge);
  }
}

bool GenericMetricReader::read_june_field(JsonReader& json, int field, GenericMetric& out, SeriesCounts& counts) {
  switch (field) {
    case kTags:
      return read_tags(json, out.tags, true);
    case kType:
      return read_type(json, out, true);
    case kValue:
      if (out.type != 0) return read_june_value(json, out, counts);
      value_at_ = json.mark();
      return json.check();
    default:
      return read_field(json, field, out);
  }
}

bool GenericMetricReader::read_june(JsonReader& json, GenericMetric& out, SeriesCounts& counts) {
  out.clear();
  value_at_.reset();
  StructReader fields(json, kFields, Unknown::Check, true);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_june_field(json, field, out, counts)) return false;
  }
  if (!fields.complete() || !json.finish()) return false;
  if (!value_at_) return true;
  json.rewind(*value_at_);
  return read_june_value(json, out, counts);
}

}  // namespace freshet::processors
