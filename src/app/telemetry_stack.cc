#include "app/telemetry_stack.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "app/app_events.h"
#include "app/app_metrics.h"
#include "telemetry/otlp_settings.h"
#include "telemetry/prometheus.h"
#include "telemetry/telemetry_metrics.h"

namespace freshet::app {
namespace {

// What the operator gives in OTEL_RESOURCE_ATTRIBUTES stays.
telemetry::OtlpResource otlp_resource(std::vector<std::pair<std::string, std::string>> attributes) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  const std::string pid = std::to_string(getpid());
  const std::vector<std::pair<std::string, std::string>> known = {
      {"service.version", FRESHET_VERSION},
      {"service.instance.id", fmt::format("{}:{}", host.data(), pid)},
      {"host.name", host.data()},
  };
  for (const auto& one : known) {
    const bool given = std::any_of(attributes.begin(), attributes.end(),
                                   [&](const auto& attribute) { return attribute.first == one.first; });
    if (!given) attributes.push_back(one);
  }
  return {std::move(attributes), FRESHET_VERSION};
}

}  // namespace

TelemetryStack::TelemetryStack(const telemetry::TelemetrySettings& settings,
                               const secrets::SecretsSettings& secret_settings, Clock& clock, std::ostream* log_to)
    : log(settings, clock, log_to),
      secret_store({clock, log, metrics, &log.secrets(), secret_settings.command_interval}) {
  if (!settings.statsd.address.empty()) metrics.keep_recent_values();  // before any histogram is created
  log.count_dropped(metrics);
  build_info(metrics, FRESHET_VERSION, rd_kafka_version_str()).set(1);
  telemetry::ProcessMetrics(metrics).start_time_seconds().set(to_seconds(clock.system_now().time_since_epoch()));
}

std::string TelemetryStack::metrics_text(bool is_healthy, bool is_ready) {
  healthy(metrics).set(is_healthy ? 1 : 0);
  ready(metrics).set(is_ready ? 1 : 0);
  telemetry::update_process_metrics(metrics);
  return telemetry::render_prometheus(metrics);
}

Result<std::unique_ptr<TelemetryExport>> TelemetryExport::start(
    const telemetry::TelemetrySettings& settings, const std::function<telemetry::AssignedPartitions()>& assigned,
    Clock& clock, TelemetryStack& stack) {
  std::unique_ptr<TelemetryExport> out(new TelemetryExport(stack));
  if (!settings.sentry.dsn.empty()) {
    auto target = telemetry::sentry_target(settings.sentry.dsn.reveal());
    if (!target) return tl::make_unexpected(target.error());
    out->sentry_ = std::make_unique<telemetry::SentryReporter>(settings.sentry, *std::move(target), assigned, clock,
                                                               stack.metrics, stack.secret_store);
    stack.log.set_error_sink(
        [&reporter = *out->sentry_](telemetry::ErrorReport report) { reporter.report(std::move(report)); });
  }
  if (!settings.statsd.address.empty()) {
    out->statsd_ =
        std::make_unique<telemetry::StatsdSender>(settings.statsd, assigned, clock, stack.log, stack.metrics);
  }
  out->start_otlp(clock);
  return out;
}

void TelemetryExport::start_otlp(Clock& clock) {
  telemetry::OtlpSettings settings = telemetry::otlp_settings([](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return std::string(value == nullptr ? "" : value);
  });
  for (const std::string& secret : settings.secrets) stack_.secrets().add(secret);
  for (const std::string& warning : settings.warnings) stack_.log.emit(ConfigWarning{warning});
  if (!settings.any()) return;
  telemetry::OtlpResource resource = otlp_resource(settings.resource);
  otlp_ = std::make_unique<telemetry::OtlpSender>(std::move(settings), std::move(resource), clock, stack_.log,
                                                  stack_.metrics);
  if (!otlp_->takes_logs()) return;
  stack_.log.set_record_sink([this](telemetry::LogRecord record) { otlp_->add(std::move(record)); });
}

TelemetryExport::~TelemetryExport() {
  statsd_.reset();  // it may log an error
  stack_.log.set_error_sink({});
  stack_.log.set_record_sink({});
}

}  // namespace freshet::app
