// Counters, sets, distributions and gauges: current and older Snuba write counters; only older Snuba writes the other
// three. One row per message of the consumer's own type; the others are skipped, because all four consumers read the
// same topic.
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "processors/data_sets/data_sets.h"
#include "processors/data_sets/generic_metrics/generic_metric.h"
#include "processors/description/described_processor.h"
#include "processors/description/steps.h"
#include "processors/processors_metrics.h"
#include "processors/values/encoded_series.h"

namespace freshet::processors {
namespace {

constexpr std::string_view kTypeHeader = "metric_type";
constexpr std::string_view kLetters = "csdg";

// --- columns --------------------------------------------------------------------------------------------------------

using Tag = MetricTag<JsonString>;

constexpr std::array<uint8_t, 4> kGranularities = {1, 2, 3, 0};
constexpr std::span<const uint8_t> kAllGranularities(kGranularities);
constexpr std::span<const uint8_t> kUsualGranularities = kAllGranularities.first(3);

auto granularities(const GenericMetric& metric) {
  return Elements(metric.has_option("ten_second") ? kAllGranularities : kUsualGranularities, std::identity());
}
std::optional<uint64_t> sampling_weight(const GenericMetric& metric) {
  return metric.sampling_weight ? std::optional(to_u64(metric.sampling_weight->value)) : std::nullopt;
}
uint8_t low_byte(const uint16_t& number) { return static_cast<uint8_t>(number); }
uint8_t record_meta(const GenericMetric& metric) { return metric.use_case_id.view == "escalating_issues" ? 0 : 1; }
WhenThere<uint8_t> when_option(const GenericMetric& metric, std::string_view name) {
  return {metric.has_option(name) ? std::optional<uint8_t>(1) : std::nullopt};
}
auto enable_histogram(const GenericMetric& metric) { return when_option(metric, "hist"); }
auto disable_percentiles(const GenericMetric& metric) { return when_option(metric, "disable_percentiles"); }

// The columns of all types, and those of one type.
template <description::FixedText kName, uint8_t kVersion, typename... Columns>
constexpr auto describe_row(const Columns&... own) {
  return describe<GenericMetric>(
      column<&GenericMetric::use_case_id>("use_case_id"), column<&GenericMetric::org_id>("org_id"),
      column<&GenericMetric::project_id>("project_id"), column<&GenericMetric::metric_id>("metric_id"),
      column<&GenericMetric::timestamp>("timestamp"),
      column<&GenericMetric::retention_days, clamped_retention>("retention_days"),
      column<&GenericMetric::tags, each<&Tag::number>>("tags.key"),
      column<&GenericMetric::tags, each<constant<uint8_t{0}>>>("tags.indexed_value"),
      column<&GenericMetric::tags, each<&Tag::value>>("tags.raw_value"), column<constant_text<kName>>("metric_type"),
      column<constant<kVersion>>("materialization_version"), column<timeseries_id<GenericMetric>>("timeseries_id"),
      column<granularities>("granularities"), own...);
}
constexpr auto kWeight = column<sampling_weight, when_there>("sampling_weight");
constexpr auto kMinRetention =
    column<&GenericMetric::retention_days, clamped_retention, low_byte>("min_retention_days");
constexpr auto kRecordMeta = column<record_meta>("record_meta");

constexpr auto kCounter =
    describe_row<"counter", 3>(kWeight, kMinRetention, kRecordMeta, column<&GenericMetric::count>("count_value"));
constexpr auto kSet = describe_row<"set", 2>(
    kMinRetention, kRecordMeta, column<&GenericMetric::set, &MetricSeries<uint32_t>::numbers, each<>>("set_values"));
constexpr auto kDistribution = describe_row<"distribution", 4>(
    kWeight, kMinRetention, kRecordMeta,
    column<&GenericMetric::distribution, &MetricSeries<double>::numbers, each<>>("distribution_values"),
    column<enable_histogram>("enable_histogram"), column<disable_percentiles>("disable_percentiles"));
constexpr auto kGauge = describe_row<"gauge", 3>(
    kWeight, kMinRetention, kRecordMeta, column<&GenericMetric::gauges, each<&GaugeValue::last>>("gauges_values.last"),
    column<&GenericMetric::gauges, each<&GaugeValue::min>>("gauges_values.min"),
    column<&GenericMetric::gauges, each<&GaugeValue::max>>("gauges_values.max"),
    column<&GenericMetric::gauges, each<&GaugeValue::sum>>("gauges_values.sum"),
    column<&GenericMetric::gauges, each<&GaugeValue::count>>("gauges_values.count"));

// --- the processor --------------------------------------------------------------------------------------------------

template <char kLetter>
constexpr const auto& row_of_type() {
  if constexpr (kLetter == 'c') return kCounter;
  if constexpr (kLetter == 's') return kSet;
  if constexpr (kLetter == 'd') return kDistribution;
  if constexpr (kLetter == 'g') return kGauge;
}

template <char kLetter>
GenericMetricsMetrics metrics_of_type(Metrics& metrics) {
  using Values = GenericMetricsMetrics::Values;
  if constexpr (kLetter == 'c') return {metrics, "counter", Values::None};
  if constexpr (kLetter == 's') return {metrics, "set", Values::Set};
  if constexpr (kLetter == 'd') return {metrics, "distribution", Values::Distribution};
  if constexpr (kLetter == 'g') return {metrics, "gauge", Values::None};
}

// Skipped: foreign_metric_type, killswitched_use_case. Invalid: null_payload, invalid_message.
template <char kLetter>
class GenericMetricsProcessor final : public Processor {
 public:
  GenericMetricsProcessor(const ProcessorsSettings& settings, const ProcessorEnvironment& environment)
      : june_(settings.june || kLetter != 'c'),
        environment_(settings.environment),
        live_(environment.options),
        metrics_(metrics_of_type<kLetter>(*environment.metrics)),
        values_(environment),
        out_(row_of_type<kLetter>().column_names(), tick_form(settings), environment.table) {
    read_options();
  }

  const RowLayout& layout() const override { return out_.layout(); }
  std::string_view why_json() const override { return out_.why_json(); }
  void begin_chunk(const MessageContext&, std::span<const Message>) override {
    read_options();
    out_.begin_chunk();
  }
  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override;

 private:
  void read_options() {
    if (live_ != nullptr) killswitch_ = live_->get()->processors.use_case_killswitch;
  }
  bool is_foreign(const Message& message);
  bool is_killed(std::string_view use_case) const;
  ProcessResult killed(std::string_view use_case);
  bool read(const Message& message);
  ProcessResult refused(const Message& message);
  const char* complete();
  template <typename T>
  const char* decode_series(MetricSeries<T>& series);
  template <typename T>
  bool unpack(List<T>& numbers);

  const bool june_;
  const SnubaEnvironment environment_;
  const Snapshot<LiveOptions>* const live_;
  const GenericMetricsMetrics metrics_;
  GeneratedValues values_;
  std::string killswitch_;
  std::vector<HeaderView> headers_;
  JsonReader json_;
  ReadContext in_{json_, values_};
  GenericMetric metric_;
  ZstdDecoder zstd_;
  std::string decoded_;
  std::string unpacked_;
  std::string cogs_feature_;
  RowEncoder out_;
};

template <char kLetter>
ProcessResult GenericMetricsProcessor<kLetter>::process(const MessageContext& context, const Message& message,
                                                        std::string& rows) {
  if (!message.payload) return null_payload();
  if (is_foreign(message)) return ProcessResult::skip("foreign_metric_type");
  const bool whole = read(message);
  if (metric_.lists > 0) metrics_.legacy.add(metric_.lists);
  if (metric_.encoded > 0) metrics_.encoded.add(metric_.encoded);
  if (!whole) return refused(message);
  if (is_killed(metric_.use_case_id.view)) return killed(metric_.use_case_id.view);
  metrics_.message_bytes.observe(static_cast<double>(message.payload->size()));
  if (metric_.type != kLetter) return ProcessResult::skip("foreign_metric_type");
  if (const char* wrong = complete()) return ProcessResult::invalid("invalid_message", wrong);
  const RowContext row_context{context.partition, message.offset, environment_, values_, message.timestamp_ms};
  out_.begin_message();
  out_.add([&](auto& writer) {
    writer.begin_row();
    row_of_type<kLetter>().write(writer, metric_, row_context);
    writer.end_row();
  });
  ProcessResult result = ProcessResult::rows(1);
  result.json_each_row = !out_.move_to(rows);
  result.received_timestamp_ms = origin_from_seconds(metric_.received);
  cogs_feature_.assign("genericmetrics_").append(metric_.use_case_id.view);
  result.usage_label = cogs_feature_;
  return result;
}

// Decides by the header alone. For current Snuba, a header with an unknown value is another type; older Snuba ignores
// such a header.
template <char kLetter>
bool GenericMetricsProcessor<kLetter>::is_foreign(const Message& message) {
  headers_.clear();
  message.headers(headers_);
  const auto found = std::find_if(headers_.begin(), headers_.end(),
                                  [](const HeaderView& header) { return header.name == kTypeHeader; });
  if (found == headers_.end() || !found->value) return false;
  const std::string_view value = *found->value;
  if (value.size() == 1 && value[0] == kLetter) return false;
  return !june_ || (value.size() == 1 && kLetters.find(value[0]) != std::string_view::npos);
}

template <char kLetter>
bool GenericMetricsProcessor<kLetter>::is_killed(std::string_view use_case) const {
  if (live_ == nullptr || (june_ && killswitch_.empty())) return false;
  return killswitch_.find(use_case) != std::string::npos;
}

template <char kLetter>
ProcessResult GenericMetricsProcessor<kLetter>::killed(std::string_view use_case) {
  metrics_.killswitched(use_case).add();
  return ProcessResult::skip("killswitched_use_case");
}

template <char kLetter>
bool GenericMetricsProcessor<kLetter>::read(const Message& message) {
  json_.open(message);
  metric_ = {};
  if (june_) return read_older(in_, metric_);
  if (!simdjson::validate_utf8(*message.payload)) return json_.fail("the payload is not UTF-8");
  // With live options, Snuba looks up the use case first, which works only in an object.
  if (live_ != nullptr && json_.peek() == JsonKind::Array) return json_.fail("expected an object");
  return read_current(in_, metric_);
}

// A use case that is switched off is skipped even if the rest of the message is invalid.
template <char kLetter>
ProcessResult GenericMetricsProcessor<kLetter>::refused(const Message& message) {
  ProcessResult invalid = invalid_message(json_);
  if (live_ == nullptr) return invalid;
  if (!june_ && !simdjson::validate_utf8(*message.payload)) return invalid;
  json_.open(message);
  metric_ = {};
  if (!read_use_case(in_, metric_) || !is_killed(metric_.use_case_id.view)) return invalid;
  return killed(metric_.use_case_id.view);
}

// Returns null, or the reason why the message is invalid.
template <char kLetter>
const char* GenericMetricsProcessor<kLetter>::complete() {
  const char* wrong = nullptr;
  if (!june_ && !read_count(in_, metric_)) return "value is not a number";
  if constexpr (kLetter == 's') wrong = decode_series(metric_.set);
  if constexpr (kLetter == 'd') wrong = decode_series(metric_.distribution);
  if (wrong != nullptr) return wrong;
  order_tags(metric_.tags);
  metrics_.tags.observe(static_cast<double>(metric_.tags.size()));
  return number_tags(metric_.tags) ? nullptr : "a tag's key is not a number";
}

// Decodes the numbers of a set or distribution in any of their forms.
template <char kLetter>
template <typename T>
const char* GenericMetricsProcessor<kLetter>::decode_series(MetricSeries<T>& series) {
  using Form = typename MetricSeries<T>::Form;
  if (series.form == Form::Base64 || series.form == Form::Zstd) {
    const bool zstd = series.form == Form::Zstd;
    (zstd ? metrics_.zstd_received : metrics_.base64_received).add();
    if (!decode_base64(series.packed.view, decoded_)) return "value is not base64";
    if (zstd && !zstd_.decode(decoded_, unpacked_)) return "value is not zstd";
    if (!zstd) unpacked_.swap(decoded_);
    if (!unpack(series.numbers)) return "value has a truncated number";
    (zstd ? metrics_.zstd_decoded : metrics_.base64_decoded).add();
  }
  metrics_.values->observe(static_cast<double>(series.numbers.size()));
  return nullptr;
}

template <char kLetter>
template <typename T>
bool GenericMetricsProcessor<kLetter>::unpack(List<T>& numbers) {
  if (unpacked_.size() % sizeof(T) != 0) return false;
  for (size_t at = 0; at < unpacked_.size(); at += sizeof(T)) std::memcpy(&numbers.add(), &unpacked_[at], sizeof(T));
  return true;
}

}  // namespace

ProcessorFactory generic_counters(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<GenericMetricsProcessor<'c'>>(settings, environment);
}
ProcessorFactory generic_sets(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<GenericMetricsProcessor<'s'>>(settings, environment);
}
ProcessorFactory generic_distributions(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<GenericMetricsProcessor<'d'>>(settings, environment);
}
ProcessorFactory generic_gauges(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<GenericMetricsProcessor<'g'>>(settings, environment);
}

}  // namespace freshet::processors
