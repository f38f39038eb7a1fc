// Release-health counters, sets and distributions in one table. One row per message.
#include "processors/data_sets/data_sets.h"
#include "processors/description/described_processor.h"
#include "processors/description/steps.h"
#include "processors/values/metric_tags.h"

namespace freshet::processors {
namespace {

using Tags = List<MetricTag<uint64_t>>;

struct Metric {
  JsonString use_case_id{"sessions", true};
  uint64_t org_id = 0;
  uint64_t project_id = 0;
  uint64_t metric_id = 0;
  Seconds timestamp;
  std::optional<double> received;  // seconds
  Tags tags;
  char type = 0;                             // c, s or d; 0 = not read yet
  std::optional<JsonReader::Mark> value_at;  // where the value starts if it came before its type
  double count = 0;
  List<uint64_t> set;
  List<double> distribution;
  uint16_t retention_days = 0;
};

// --- reading --------------------------------------------------------------------------------------------------------

bool read_tags(ReadContext& in, Tags& tags) {
  in.json.enter_object();
  while (true) {
    MetricTag<uint64_t>& tag = tags.add();
    if (!in.json.next_key(tag.name)) break;
    if (!in.json.read_u64(tag.value)) return false;
  }
  tags.truncate(tags.size() - 1);
  return !in.json.failed();
}

bool read_type(ReadContext& in, char& out) {
  JsonString type;
  if (!read_metric_type(in.json, type)) return false;
  if (type.view != "c" && type.view != "s" && type.view != "d") return in.json.fail("type is not one of c, s, d");
  out = type.view[0];
  return true;
}

bool read_value_of_type(ReadContext& in, Metric& metric) {
  if (metric.type == 'c') return in.json.read_f64(metric.count);
  return metric.type == 's' ? read_field(in, metric.set) : read_field(in, metric.distribution);
}

bool read_value_or_pass(ReadContext& in, Metric& metric) {
  if (metric.type != 0) return read_value_of_type(in, metric);
  metric.value_at = in.json.mark();
  return in.json.check();
}

// --- columns --------------------------------------------------------------------------------------------------------

JsonString name_of_type(const Metric& metric) {
  if (metric.type == 'c') return {"counter", true};
  return metric.type == 's' ? JsonString{"set", true} : JsonString{"distribution", true};
}

// One of the following has a value; the others are null.
std::optional<double> count_value(const Metric& metric) {
  return metric.type == 'c' ? std::optional(metric.count) : std::nullopt;
}
auto set_values(const Metric& metric) {
  const Elements all(metric.set, std::identity());
  return metric.type == 's' ? std::optional(all) : std::nullopt;
}
auto distribution_values(const Metric& metric) {
  const Elements all(metric.distribution, std::identity());
  return metric.type == 'd' ? std::optional(all) : std::nullopt;
}

constexpr auto kMetric = describe<Metric>(both<&Metric::use_case_id>("use_case_id"),                            //
                                          both<&Metric::org_id>("org_id", Need::Required),                      //
                                          both<&Metric::project_id>("project_id", Need::Required),              //
                                          both<&Metric::metric_id>("metric_id", Need::Required),                //
                                          both<&Metric::timestamp, read_seconds>("timestamp", Need::Required),  //
                                          field<&Metric::received>("sentry_received_timestamp"),                //
                                          field<&Metric::tags, read_tags>("tags", Need::Required),              //
                                          field<&Metric::type, read_type>("type", Need::Required),              //
                                          field<read_value_or_pass>("value", Need::Required),                   //
                                          field<&Metric::retention_days>("retention_days", Need::Required),     //
                                          column<&Metric::retention_days, clamped_retention>("retention_days"),
                                          column<&Metric::tags, each<&MetricTag<uint64_t>::number>>("tags.key"),
                                          column<&Metric::tags, each<&MetricTag<uint64_t>::value>>("tags.value"),
                                          column<name_of_type>("metric_type"),                      //
                                          column<set_values>("set_values"),                         //
                                          column<count_value>("count_value"),                       //
                                          column<distribution_values>("distribution_values"),       //
                                          column<constant<uint8_t{4}>>("materialization_version"),  //
                                          column<timeseries_id<Metric>>("timeseries_id"),           //
                                          column<partition_of>("partition"), column<offset_of>("offset"))
                             .with(Unknown::Check)
                             .object_only();

class PolymorphicMetricsProcessor final : public DescribedProcessor<kMetric> {
 public:
  using DescribedProcessor::DescribedProcessor;

 private:
  bool complete(ReadContext& in, Metric& metric) override {
    if (metric.value_at) {
      in.json.rewind(*metric.value_at);
      if (!read_value_of_type(in, metric)) return false;
    }
    order_tags(metric.tags);
    return number_tags(metric.tags) || in.json.fail("a tag's key is not a number");
  }
  void report(const Metric& metric, ProcessResult& result) override {
    if (metric.received) result.received_timestamp_ms = origin_from_seconds(*metric.received);
  }
};

}  // namespace

ProcessorFactory polymorphic_metrics(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return factory_of<PolymorphicMetricsProcessor>(settings, environment);
}

}  // namespace freshet::processors
