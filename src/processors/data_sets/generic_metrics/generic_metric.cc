#include "processors/data_sets/generic_metrics/generic_metric.h"

#include "processors/description/description.h"

namespace freshet::processors {
namespace {

// --- values ---------------------------------------------------------------------------------------------------------

template <typename Form>
bool read_form(ReadContext& in, Form& out) {
  JsonString format;
  if (!in.json.read_string(format)) return false;
  if (format.view == "array") {
    out = Form::Array;
  } else if (format.view == "base64") {
    out = Form::Base64;
  } else if (format.view == "zstd") {
    out = Form::Zstd;
  } else {
    return in.json.fail("format is not one of array, base64, zstd");
  }
  return true;
}

template <typename T>
bool read_data(ReadContext& in, MetricSeries<T>& series) {
  using Form = typename MetricSeries<T>::Form;
  return series.form == Form::Array ? read_field(in, series.numbers) : in.json.read_string(series.packed);
}

template <typename T>
bool read_data_or_pass(ReadContext& in, MetricSeries<T>& series) {
  if (series.form != MetricSeries<T>::Form::List) return read_data(in, series);
  series.data_at = in.json.mark();
  return in.json.check();
}

// In any order.
template <typename T>
constexpr auto kEncoded =
    describe<MetricSeries<T>>(field<&MetricSeries<T>::form, read_form<typename MetricSeries<T>::Form>>("format",
                                                                                                       Need::Required),
                              field<read_data_or_pass<T>>("data", Need::Required))
        .with(Unknown::Check)
        .object_only();

template <typename T>
bool read_encoded(ReadContext& in, MetricSeries<T>& series) {
  if (!kEncoded<T>.read(in, series)) return false;
  if (!series.data_at) return true;
  const JsonReader::Mark end = in.json.mark();
  in.json.rewind(*series.data_at);
  if (!read_data(in, series)) return false;
  in.json.rewind(end);
  return true;
}

template <typename T>
bool read_series(ReadContext& in, GenericMetric& metric, MetricSeries<T>& series) {
  switch (in.json.peek()) {
    case JsonKind::Array:
      ++metric.lists;
      return read_field(in, series.numbers);
    case JsonKind::Object:
      ++metric.encoded;
      return read_encoded(in, series);
    default:
      return in.json.fail("expected a list of numbers or an encoded list");
  }
}

constexpr auto kGauge =
    describe<GaugeValue>(field<&GaugeValue::count>("count", Need::Required),
                         field<&GaugeValue::last>("last", Need::Required),
                         field<&GaugeValue::max>("max", Need::Required), field<&GaugeValue::min>("min", Need::Required),
                         field<&GaugeValue::sum>("sum", Need::Required))
        .with(Unknown::Check)
        .object_only();

bool read_value_of_type(ReadContext& in, GenericMetric& metric) {
  switch (metric.type) {
    case 'c':
      return in.json.read_f64(metric.count);
    case 's':
      return read_series(in, metric, metric.set);
    case 'd':
      return read_series(in, metric, metric.distribution);
    default:
      return kGauge.read(in, metric.gauges.add());
  }
}

bool pass_value(ReadContext& in, GenericMetric& metric) {
  metric.value_at = in.json.mark();
  return in.json.skip();
}

bool read_value_or_pass(ReadContext& in, GenericMetric& metric) {
  if (metric.type != 0) return read_value_of_type(in, metric);
  metric.value_at = in.json.mark();
  return in.json.check();
}

// --- fields ---------------------------------------------------------------------------------------------------------

enum class Snuba { Current, Older };

template <Snuba kSnuba>
bool read_tags(ReadContext& in, List<MetricTag<JsonString>>& tags) {
  JsonString key;
  for (in.json.enter_object(); in.json.next_key(key);) {
    if (kSnuba == Snuba::Current && !key.plain) return in.json.fail("a tag's key has an escape");
    MetricTag<JsonString>& tag = tags.add();
    tag.name = key;
    if (!in.json.read_string(tag.value)) return false;
  }
  return !in.json.failed();
}

template <Snuba kSnuba>
bool read_type(ReadContext& in, char& out) {
  JsonString type;
  if (!read_metric_type(in.json, type)) return false;
  const bool known = type.view.size() == 1 && std::string_view("csdg").find(type.view[0]) != std::string_view::npos;
  if (!known && kSnuba == Snuba::Older) return in.json.fail("type is not one of c, s, d, g");
  out = known ? type.view[0] : '\0';
  return true;
}

template <Snuba kSnuba>
constexpr auto kMetric =
    describe<GenericMetric>(field<&GenericMetric::use_case_id>("use_case_id", Need::Required),
                            field<&GenericMetric::org_id>("org_id", Need::Required),
                            field<&GenericMetric::project_id>("project_id", Need::Required),
                            field<&GenericMetric::metric_id>("metric_id", Need::Required),
                            field<&GenericMetric::timestamp, read_seconds>("timestamp", Need::Required),
                            field<&GenericMetric::received>("sentry_received_timestamp", Need::Required),
                            field<&GenericMetric::tags, read_tags<kSnuba>>("tags", Need::Required),
                            field<&GenericMetric::type, read_type<kSnuba>>("type", Need::Required),
                            field<kSnuba == Snuba::Current ? pass_value : read_value_or_pass>("value", Need::Required),
                            field<&GenericMetric::retention_days>("retention_days", Need::Required),
                            field<&GenericMetric::sampling_weight>("sampling_weight"),
                            field<&GenericMetric::aggregation_option>("aggregation_option"));

constexpr auto kCurrent = kMetric<Snuba::Current>;
constexpr auto kOlder = kMetric<Snuba::Older>.with(Unknown::Check).object_only();
constexpr auto kUseCase = describe<GenericMetric>(field<&GenericMetric::use_case_id>("use_case_id", Need::Required));

}  // namespace

bool read_current(ReadContext& in, GenericMetric& out) { return kCurrent.read(in, out) && in.json.finish(); }

bool read_count(ReadContext& in, GenericMetric& out) {
  in.json.rewind(*out.value_at);
  return in.json.read_f64(out.count);
}

bool read_older(ReadContext& in, GenericMetric& out) {
  if (!kOlder.read(in, out) || !in.json.finish()) return false;
  if (!out.value_at) return true;
  in.json.rewind(*out.value_at);
  return read_value_of_type(in, out);
}

bool read_use_case(ReadContext& in, GenericMetric& out) { return kUseCase.read(in, out) && in.json.finish(); }

}  // namespace freshet::processors
