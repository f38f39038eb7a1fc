#include "app/status_report.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "runtime_config/table.h"

namespace freshet::app {
namespace {

// Masks every text of a described struct, because a library or a server may quote a login in its errors.
template <typename Described>
void mask_texts(Described& described, SecretMask& secrets) {
  for_each_field(described, [&secrets](const char*, auto& value) {
    using Value = std::remove_reference_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::string>) {
      value = secrets.masked(value);
    } else if constexpr (std::is_same_v<Value, std::optional<RenewalReport>>) {
      if (value) mask_texts(*value, secrets);
    } else if constexpr (std::is_same_v<Value, std::vector<PartitionStatus>>) {
      for (PartitionStatus& partition : value) mask_texts(partition, secrets);
    } else if constexpr (std::is_same_v<Value, std::vector<DeliveryFinding>>) {
      for (DeliveryFinding& finding : value) mask_texts(finding, secrets);
    }
  });
}

// Of the histogram with these labels; empty if there is none yet.
admin::HistogramCounts counts_of(const Metrics& metrics, std::string_view name, const Labels& labels) {
  admin::HistogramCounts out;
  metrics.visit([&](const Metrics::Family& family) {
    if (family.name != name) return;
    for (const Metrics::Sample& sample : family.samples) {
      if (sample.histogram == nullptr || sample.labels != labels) continue;
      out.bounds = sample.histogram->bounds();
      for (size_t i = 0; i <= out.bounds.size(); ++i) out.buckets.push_back(sample.histogram->bucket(i));
    }
  });
  return out;
}

}  // namespace

StatusReport::StatusReport(const settings::Settings& settings, std::vector<settings::EffectiveValue> effective,
                           Clock& clock, TelemetryStack& telemetry, PipelineRuntime& pipeline,
                           ConsumerRuntime& consumers, const DeliveryDecision& delivery, const FormatDecision& format)
    : settings_(settings),
      effective_(std::move(effective)),
      clock_(clock),
      telemetry_(telemetry),
      pipeline_(pipeline),
      consumers_(consumers),
      delivery_(delivery),
      format_(format),
      started_(clock.steady_now()) {}

admin::HealthStatus StatusReport::health() const {
  return admin::health(clock_.steady_now(), started_, pipeline_.stream().last_turn());
}

admin::HealthStatus StatusReport::file_health() {
  const admin::HealthStatus alive = health();
  const bool may_ask = settings_.admin.health_check_may_ask_for_progress;
  if (!alive.ok || !may_ask || !pipeline_.options().experimental_healthcheck) return alive;
  return progress_.assess(*pipeline_.stream().status());
}

admin::HealthStatus StatusReport::ready() {
  MutexLock lock(ready_mutex_);
  StreamStatus status = stream();
  if (const std::string reason = consumers_.not_ready_reason(); !reason.empty()) {
    status.waiting_for = telemetry_.secrets().masked(reason);
  }
  return readiness_.assess(clock_.steady_now(), status);
}

StreamStatus StatusReport::stream() const {
  StreamStatus status = *pipeline_.stream().status();
  mask_texts(status, telemetry_.secrets());
  return status;
}

ConsumerStatus StatusReport::consumer() const {
  ConsumerStatus status = consumers_.status();
  mask_texts(status, telemetry_.secrets());
  return status;
}

DeliveryStatus masked(DeliveryStatus status, SecretMask& secrets) {
  mask_texts(status, secrets);
  return status;
}

InsertFormatStatus StatusReport::insert_format() const {
  InsertFormatStatus status = format_.status();
  if (std::string why = pipeline_.why_sent_as_json(); !why.empty() && status.format == "Native") {
    status.format = "JSONEachRow";
    status.reason = std::move(why);
  }
  mask_texts(status, telemetry_.secrets());
  return status;
}

DeliveryStatus StatusReport::delivery() const { return masked(delivery_.status(), telemetry_.secrets()); }

runtime_config::OptionScope StatusReport::scope() const {
  return {settings_.pipeline.kafka.consumer_group, settings_.runtime_config.storage};
}

std::vector<DeadLetterNote> StatusReport::dead_letters() const {
  std::vector<DeadLetterNote> notes = pipeline_.stream().recent_dead_letters();
  for (DeadLetterNote& note : notes) note.reason = telemetry_.secrets().masked(note.reason);
  return notes;
}

// An option whose value is not the one that the process started with was read from the store.
admin::SettingsStatus StatusReport::settings_status() const {
  admin::SettingsStatus status;
  SecretMask& secrets = telemetry_.secrets();
  for (const settings::EffectiveValue& one : effective_) {
    status.settings.push_back({one.key, secrets.masked(one.value), one.source});
  }
  const auto first = runtime_config::options_status(settings_.pipeline.options, scope());
  const auto current = runtime_config::options_status(pipeline_.options(), scope());
  for (size_t i = 0; i < current.size(); ++i) {
    const auto given = std::find_if(effective_.begin(), effective_.end(),
                                    [&](const auto& setting) { return setting.key == current[i].name; });
    std::string source = given == effective_.end() ? "default" : given->source;
    if (i < first.size() && current[i].value != first[i].value) source = "live options";
    status.options.push_back({current[i].name, secrets.masked(current[i].value), std::move(source)});
  }
  return status;
}

admin::HistoryReading StatusReport::history_reading() const {
  return {stream(), counts_of(telemetry_.metrics, "freshet_insert_seconds", {}),
          counts_of(telemetry_.metrics, "freshet_batch_latency_seconds", {{"of", "broker"}, {"stat", "max"}})};
}

admin::ProcessStatus StatusReport::process() {
  return {.version = FRESHET_VERSION,
          .kafka_client = rd_kafka_version_str(),
          .health = health(),
          .ready = ready(),
          .stream = stream(),
          .consumer = consumer(),
          .delivery = delivery(),
          .options = runtime_config::options_status(pipeline_.options(), scope()),
          .insert_format = insert_format()};
}

telemetry::AssignedPartitions StatusReport::assigned_partitions() const {
  const auto status = pipeline_.stream().status();
  if (!status->assigned) return std::nullopt;
  std::vector<int32_t> out;
  for (const PartitionStatus& one : status->partitions) out.push_back(one.partition.value);
  return out;
}

admin::AdminSources admin_sources(StatusReport& report, const admin::History& history, ConsumerRuntime& consumers,
                                  TelemetryStack& telemetry) {
  admin::AdminSources sources;
  sources.metrics = [&report, &telemetry] { return telemetry.metrics_text(report.health().ok, report.ready().ok); };
  sources.health = [&report] { return report.health(); };
  sources.ready = [&report] { return report.ready(); };
  sources.status = [&report, &history] {
    admin::ProcessStatus status = report.process();
    status.times = history.recent_times();
    return status;
  };
  sources.skip = [&consumers, &telemetry](const SkipOrder& order, std::stop_token stop) -> Result<std::string> {
    return consumers.skip(order, std::move(stop)).map([&telemetry](const SkipResult& done) {
      return telemetry.secrets().masked(done.text());
    });
  };
  sources.renew = [&consumers]() -> Result<admin::RenewalAsked> {
    if (consumers.stops().asked().stop_requested()) return failure(ErrorKind::Stopping, "it is stopping");
    const auto made = consumers.requests().request(RenewalReason::Operator, "POST /renew");
    return admin::RenewalAsked{made.number, made.coalesced,
                               made.coalesced ? consumers.renewal().under_way() : std::string()};
  };
  sources.history = [&history] { return history.json(); };
  sources.dead_letters = [&report] { return report.dead_letters(); };
  sources.settings = [&report] { return report.settings_status(); };
  sources.last_renewal = [&report] { return report.last_renewal(); };
  return sources;
}

}  // namespace freshet::app
