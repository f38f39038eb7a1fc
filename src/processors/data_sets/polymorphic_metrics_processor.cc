#include "processors/data_sets/polymorphic_metrics_processor.h"

#include "processors/json/read_lists.h"
#include "processors/json/struct_reader.h"
#include "processors/values/conversions.h"
#include "processors/values/read_values.h"

namespace freshet::processors {
namespace {

constexpr uint8_t kVersion = 4;

enum In { kUseCase, kOrg, kProject, kMetricId, kTime, kReceived, kTags, kType, kValue, kRetention };
constexpr Fields kFields({{"use_case_id"},
                          {"org_id", Need::Required},
                          {"project_id", Need::Required},
                          {"metric_id", Need::Required},
                          {"timestamp", Need::Required},
                          {"sentry_received_timestamp"},
                          {"tags", Need::Required},
                          {"type", Need::Required},
                          {"value", Need::Required},
                          {"retention_days", Need::Required}});

constexpr Column kUseCaseId("use_case_id");
constexpr Column kOrgId("org_id");
constexpr Column kProjectId("project_id");
constexpr Column kMetricIdColumn("metric_id");
constexpr Column kTimestamp("timestamp");
constexpr Column kRetentionDays("retention_days");
constexpr Column kTagsKey("tags.key");
constexpr Column kTagsValue("tags.value");
constexpr Column kMetricType("metric_type");
constexpr Column kSetValues("set_values");
constexpr Column kCountValue("count_value");
constexpr Column kDistributionValues("distribution_values");
constexpr Column kMaterializationVersion("materialization_version");
constexpr Column kTimeseriesId("timeseries_id");
constexpr Column kPartition("partition");
constexpr Column kOffset("offset");

std::string_view name_of(char type) {
  switch (type) {
    case 'c':
      return "counter";
    case 's':
      return "set";
    default:
      return "distribution";
  }
}

}  // namespace

PolymorphicMetricsProcessor::PolymorphicMetricsProcessor(const ProcessorsSettings& settings,
                                                         const ProcessorEnvironment&)
    : environment_(settings.environment), row_(tick_form(settings)) {}

ProcessResult PolymorphicMetricsProcessor::process(const MessageContext& context, const Message& message,
                                                   std::string& rows) {
  if (!message.payload) return null_payload();
  json_.open(message);
  Metric metric;
  metric.use_case_id = {"sessions", true};
  if (!read(metric)) return invalid_message(json_);
  row_.clear();
  write(context, message, metric);
  row_.move_to(rows);
  ProcessResult result = ProcessResult::rows(1);
  if (metric.received) {
    result.received_timestamp_ms = origin_from_seconds(*metric.received);
  }
  return result;
}

bool PolymorphicMetricsProcessor::read(Metric& out) {
  StructReader fields(json_, kFields, Unknown::Check, true);
  for (int field; (field = fields.next()) >= 0;) {
    if (!read_field(field, out)) return false;
  }
  if (!fields.complete() || !json_.finish()) return false;
  if (out.value_at) {
    json_.rewind(*out.value_at);
    if (!read_value_of_type(out)) return false;
  }
  order_tags(tags_);
  return number_tags(tags_) || json_.fail("a tag's key is not a number");
}

bool PolymorphicMetricsProcessor::read_field(int field, Metric& out) {
  switch (field) {
    case kUseCase:
      return json_.read_string(out.use_case_id);
    case kOrg:
      return json_.read_u64(out.org_id);
    case kProject:
      return json_.read_u64(out.project_id);
    case kMetricId:
      return json_.read_u64(out.metric_id);
    case kTime:
      return json_.read_f64_to_truncate(out.timestamp);
    case kReceived:
      return read_optional(json_, out.received);
    case kTags:
      return read_tags();
    case kType:
      return read_type(out);
    case kValue:
      if (out.type != 0) return read_value_of_type(out);
      out.value_at = json_.mark();
      return json_.check();
    case kRetention:
      return json_.read_unsigned(out.retention_days);
    default:
      return false;
  }
}

bool PolymorphicMetricsProcessor::read_type(Metric& out) {
  JsonString type;
  if (!read_metric_type(json_, type)) return false;
  if (type.view != "c" && type.view != "s" && type.view != "d") return json_.fail("type is not one of c, s, d");
  out.type = type.view[0];
  return true;
}

bool PolymorphicMetricsProcessor::read_value_of_type(Metric& out) {
  if (out.type == 'c') return json_.read_f64(out.count);
  set_.clear();
  distribution_.clear();
  if (out.type == 's') return read_list(json_, [&] { return json_.read_u64(set_.emplace_back()); });
  return read_list(json_, [&] { return json_.read_f64(distribution_.emplace_back()); });
}

bool PolymorphicMetricsProcessor::read_tags() {
  tags_.clear();
  JsonString key;
  for (json_.enter_object(); json_.next_key(key);) {
    MetricTag<uint64_t>& tag = tags_.emplace_back();
    tag.key = key.view;
    if (!json_.read_u64(tag.value)) return false;
  }
  return !json_.failed();
}

uint32_t PolymorphicMetricsProcessor::timeseries_id(const Metric& metric) {
  id_.clear();
  id_.add(metric.org_id);
  id_.add(metric.project_id);
  id_.add(metric.metric_id);
  for (const auto& tag : tags_) {
    id_.add(tag.key);
    id_.add(tag.value);
  }
  return id_.value();
}

void PolymorphicMetricsProcessor::write(const MessageContext& context, const Message& message, const Metric& metric) {
  row_.begin_row();
  row_.put(kUseCaseId, metric.use_case_id);
  row_.put(kOrgId, metric.org_id);
  row_.put(kProjectId, metric.project_id);
  row_.put(kMetricIdColumn, metric.metric_id);
  row_.put(kTimestamp, to_u32(metric.timestamp));
  row_.put(kRetentionDays, clamp_retention(metric.retention_days, environment_));
  row_.key(kTagsKey);
  row_.begin_array();
  for (const auto& tag : tags_) row_.value(tag.number);
  row_.end_array();
  row_.key(kTagsValue);
  row_.begin_array();
  for (const auto& tag : tags_) row_.value(tag.value);
  row_.end_array();
  row_.put(kMetricType, JsonString{name_of(metric.type), true});
  write_values(metric);
  row_.put(kMaterializationVersion, kVersion);
  row_.put(kTimeseriesId, timeseries_id(metric));
  row_.put(kPartition, context.partition.value);
  row_.put(kOffset, message.offset.value);
  row_.end_row();
}

// Fills one of the three columns; the others are null.
void PolymorphicMetricsProcessor::write_values(const Metric& metric) {
  const auto list = [&](const auto& values, bool there) {
    if (!there) return row_.value(nullptr);
    row_.begin_array();
    for (const auto value : values) row_.value(value);
    row_.end_array();
  };
  row_.key(kSetValues);
  list(set_, metric.type == 's');
  row_.put(kCountValue, metric.type == 'c' ? std::optional(metric.count) : std::nullopt);
  row_.key(kDistributionValues);
  list(distribution_, metric.type == 'd');
}

}  // namespace freshet::processors
