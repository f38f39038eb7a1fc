#include "processors/data_sets/generic_metrics/generic_metrics_processor.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "processors/values/conversions.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

constexpr std::string_view kTypeHeader = "metric_type";
constexpr std::string_view kLetters = "csdg";

struct Kind {
  char letter;
  const char* name;
  uint8_t materialization_version;
};
constexpr Kind kKinds[] = {{'c', "counter", 3}, {'s', "set", 2}, {'d', "distribution", 4}, {'g', "gauge", 3}};
constexpr const Kind& of(GenericMetricKind kind) { return kKinds[static_cast<size_t>(kind)]; }

constexpr Column kUseCaseId("use_case_id");
constexpr Column kOrgId("org_id");
constexpr Column kProjectId("project_id");
constexpr Column kMetricId("metric_id");
constexpr Column kTimestamp("timestamp");
constexpr Column kRetentionDays("retention_days");
constexpr Column kTagsKey("tags.key");
constexpr Column kTagsIndexedValue("tags.indexed_value");
constexpr Column kTagsRawValue("tags.raw_value");
constexpr Column kMetricType("metric_type");
constexpr Column kMaterializationVersion("materialization_version");
constexpr Column kTimeseriesId("timeseries_id");
constexpr Column kGranularities("granularities");
constexpr Column kSamplingWeight("sampling_weight");
constexpr Column kMinRetentionDays("min_retention_days");
constexpr Column kRecordMeta("record_meta");
constexpr Column kCountValue("count_value");
constexpr Column kSetValues("set_values");
constexpr Column kDistributionValues("distribution_values");
constexpr Column kEnableHistogram("enable_histogram");
constexpr Column kDisablePercentiles("disable_percentiles");
constexpr Column kGaugeLast("gauges_values.last");
constexpr Column kGaugeMin("gauges_values.min");
constexpr Column kGaugeMax("gauges_values.max");
constexpr Column kGaugeSum("gauges_values.sum");
constexpr Column kGaugeCount("gauges_values.count");

GenericMetricsMetrics::Values values_of(GenericMetricKind kind) {
  if (kind == GenericMetricKind::Set) return GenericMetricsMetrics::Values::Set;
  return kind == GenericMetricKind::Distribution ? GenericMetricsMetrics::Values::Distribution
                                                 : GenericMetricsMetrics::Values::None;
}

}  // namespace

GenericMetricsProcessor::GenericMetricsProcessor(GenericMetricKind kind, const ProcessorsSettings& settings,
                                                 const ProcessorEnvironment& environment)
    : kind_(kind),
      june_(settings.june || kind != GenericMetricKind::Counter),
      environment_(settings.environment),
      live_(environment.options),
      metrics_(*environment.metrics, of(kind).name, values_of(kind)),
      row_(tick_form(settings)) {
  read_options();
}

void GenericMetricsProcessor::begin_chunk(const MessageContext&, std::span<const Message>) { read_options(); }

void GenericMetricsProcessor::read_options() {
  if (live_ != nullptr) killswitch_ = live_->get()->processors.use_case_killswitch;
}

ProcessResult GenericMetricsProcessor::process(const MessageContext&, const Message& message, std::string& rows) {
  if (!message.payload) return null_payload();
  if (is_foreign(message)) return ProcessResult::skip("foreign_metric_type");
  const std::string_view payload = *message.payload;
  counts_ = {};
  const bool whole = read(message);
  if (counts_.lists > 0) metrics_.legacy.add(counts_.lists);
  if (counts_.encoded > 0) metrics_.encoded.add(counts_.encoded);
  if (!whole) return refused(message);
  if (is_killed(metric_.use_case_id.view)) return killed(metric_.use_case_id.view);
  metrics_.message_bytes.observe(static_cast<double>(payload.size()));
  if (metric_.type != of(kind_).letter) return ProcessResult::skip("foreign_metric_type");
  if (const char* wrong = make_row()) return ProcessResult::invalid("invalid_message", wrong);
  row_.move_to(rows);
  ProcessResult result = ProcessResult::rows(1);
  result.received_timestamp_ms = origin_from_seconds(metric_.received);
  cogs_feature_.assign("genericmetrics_").append(metric_.use_case_id.view);
  result.usage_label = cogs_feature_;
  return result;
}

// Decides by the header alone. For current Snuba, a header with an unknown value is another type; older Snuba ignores
// such a header.
bool GenericMetricsProcessor::is_foreign(const Message& message) {
  headers_.clear();
  message.headers(headers_);
  const auto found = std::find_if(headers_.begin(), headers_.end(),
                                  [](const HeaderView& header) { return header.name == kTypeHeader; });
  if (found == headers_.end() || !found->value) return false;
  const std::string_view value = *found->value;
  if (value.size() == 1 && value[0] == of(kind_).letter) return false;
  return !june_ || (value.size() == 1 && kLetters.find(value[0]) != std::string_view::npos);
}

bool GenericMetricsProcessor::is_killed(std::string_view use_case) const {
  if (live_ == nullptr || (june_ && killswitch_.empty())) return false;
  return killswitch_.find(use_case) != std::string::npos;
}

ProcessResult GenericMetricsProcessor::killed(std::string_view use_case) {
  metrics_.killswitched(use_case).add();
  return ProcessResult::skip("killswitched_use_case");
}

bool GenericMetricsProcessor::read(const Message& message) {
  json_.open(message);
  const std::string_view payload = *message.payload;
  if (june_) return reader_.read_june(json_, metric_, counts_);
  if (!simdjson::validate_utf8(payload.data(), payload.size())) return json_.fail("the payload is not UTF-8");
  // With live options, Snuba looks up the use case first, which works only in an object.
  if (live_ != nullptr && json_.peek() == JsonKind::Array) return json_.fail("expected an object");
  return reader_.read_head(json_, metric_);
}

// A use case that is switched off is skipped even if the rest of the message is invalid.
ProcessResult GenericMetricsProcessor::refused(const Message& message) {
  const std::string_view payload = *message.payload;
  ProcessResult invalid = invalid_message(json_);
  if (live_ == nullptr) return invalid;
  if (!june_ && !simdjson::validate_utf8(payload.data(), payload.size())) return invalid;
  json_.open(message);
  JsonString use_case;
  if (!GenericMetricReader::read_use_case(json_, use_case) || !is_killed(use_case.view)) return invalid;
  return killed(use_case.view);
}

// Returns null, or the reason why the message is invalid.
const char* GenericMetricsProcessor::make_row() {
  if (!june_) {
    if (!reader_.read_head_value(json_, metric_)) return "value is not a number";
  } else if (const char* wrong = decode_series()) {
    return wrong;
  }
  order_tags(metric_.tags);
  metrics_.tags.observe(static_cast<double>(metric_.tags.size()));
  if (!number_tags(metric_.tags)) return "a tag's key is not a number";
  row_.clear();
  write_row();
  return nullptr;
}

// Decodes the numbers of a set or distribution in any of their forms.
const char* GenericMetricsProcessor::decode_series() {
  if (kind_ != GenericMetricKind::Set && kind_ != GenericMetricKind::Distribution) return nullptr;
  const MetricSeries::Form form = metric_.series.form;
  if (form == MetricSeries::Form::Base64 || form == MetricSeries::Form::Zstd) {
    const bool zstd = form == MetricSeries::Form::Zstd;
    (zstd ? metrics_.zstd_received : metrics_.base64_received).add();
    if (!decode_base64(metric_.series.packed.view, decoded_)) return "value is not base64";
    if (zstd && !zstd_.decode(decoded_, unpacked_)) return "value is not zstd";
    if (!zstd) unpacked_.swap(decoded_);
    if (!unpack()) return "value has a truncated number";
    (zstd ? metrics_.zstd_decoded : metrics_.base64_decoded).add();
  }
  const size_t count = kind_ == GenericMetricKind::Set ? metric_.set.size() : metric_.distribution.size();
  metrics_.values->observe(static_cast<double>(count));
  return nullptr;
}

bool GenericMetricsProcessor::unpack() {
  const auto into = [&](auto& numbers) {
    const size_t width = sizeof numbers[0];
    if (unpacked_.size() % width != 0) return false;
    numbers.resize(unpacked_.size() / width);
    if (!numbers.empty()) std::memcpy(numbers.data(), unpacked_.data(), unpacked_.size());
    return true;
  };
  return kind_ == GenericMetricKind::Set ? into(metric_.set) : into(metric_.distribution);
}

void GenericMetricsProcessor::write_row() {
  const uint16_t retention = clamp_retention(metric_.retention_days, environment_);
  const auto& option = metric_.aggregation_option;
  const auto list = [&](const Column& column, auto value_of) {
    row_.key(column);
    row_.begin_array();
    for (const auto& tag : metric_.tags) row_.value(value_of(tag));
    row_.end_array();
  };
  row_.begin_row();
  row_.put(kUseCaseId, metric_.use_case_id);
  row_.put(kOrgId, metric_.org_id);
  row_.put(kProjectId, metric_.project_id);
  row_.put(kMetricId, metric_.metric_id);
  row_.put(kTimestamp, to_u32(metric_.timestamp));
  row_.put(kRetentionDays, retention);
  list(kTagsKey, [](const auto& tag) { return tag.number; });
  list(kTagsIndexedValue, [](const auto&) { return uint8_t{0}; });
  list(kTagsRawValue, [](const auto& tag) { return tag.value; });
  row_.put(kMetricType, JsonString{of(kind_).name, true});
  row_.put(kMaterializationVersion, of(kind_).materialization_version);
  row_.put(kTimeseriesId, timeseries_id(metric_));
  row_.key(kGranularities);
  row_.raw(option && option->view == "ten_second" ? "[1,2,3,0]" : "[1,2,3]");
  if (metric_.sampling_weight && kind_ != GenericMetricKind::Set) {
    row_.put(kSamplingWeight, to_u64(*metric_.sampling_weight));
  }
  row_.put(kMinRetentionDays, static_cast<uint8_t>(retention));
  row_.put(kRecordMeta, static_cast<uint8_t>(metric_.use_case_id.view == "escalating_issues" ? 0 : 1));
  write_values();
  row_.end_row();
}

void GenericMetricsProcessor::write_values() {
  const auto list = [&](const Column& column, const auto& numbers) {
    row_.key(column);
    row_.begin_array();
    for (const auto number : numbers) row_.value(number);
    row_.end_array();
  };
  switch (kind_) {
    case GenericMetricKind::Counter:
      return row_.put(kCountValue, metric_.count);
    case GenericMetricKind::Set:
      return list(kSetValues, metric_.set);
    case GenericMetricKind::Gauge:
      return write_gauge();
    case GenericMetricKind::Distribution:
      break;
  }
  list(kDistributionValues, metric_.distribution);
  const std::string_view option = metric_.aggregation_option ? metric_.aggregation_option->view : "";
  if (option == "hist") row_.put(kEnableHistogram, uint8_t{1});
  if (option == "disable_percentiles") row_.put(kDisablePercentiles, uint8_t{1});
}

void GenericMetricsProcessor::write_gauge() {
  const auto one = [&](const Column& column, auto number) {
    row_.key(column);
    row_.begin_array();
    row_.value(number);
    row_.end_array();
  };
  one(kGaugeLast, metric_.gauge.last);
  one(kGaugeMin, metric_.gauge.min);
  one(kGaugeMax, metric_.gauge.max);
  one(kGaugeSum, metric_.gauge.sum);
  one(kGaugeCount, metric_.gauge.count);
}

}  // namespace freshet::processors
