#include "app/telemetry_stack.h"

#include <librdkafka/rdkafka.h>

#include <utility>

#include "app/app_metrics.h"

namespace freshet::app {

TelemetryStack::TelemetryStack(const telemetry::TelemetrySettings& settings,
                               const secrets::SecretsSettings& secret_settings, Clock& clock, std::ostream* log_to)
    : log(settings, clock, log_to),
      secret_store({clock, log, metrics, &log.secrets(), secret_settings.command_interval}) {
  if (!settings.statsd.address.empty()) metrics.keep_recent_values();  // before any histogram is created
  log.count_dropped(metrics);
  build_info(metrics, FRESHET_VERSION, rd_kafka_version_str()).set(1);
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
  return out;
}

TelemetryExport::~TelemetryExport() {
  statsd_.reset();  // it may log an error
  stack_.log.set_error_sink({});
}

}  // namespace freshet::app
