// Log and metrics of the process, and their export.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/secret_mask.h"
#include "secrets/secret_store.h"
#include "secrets/secrets_settings.h"
#include "telemetry/assigned_partitions.h"
#include "telemetry/log_backend.h"
#include "telemetry/otlp_sender.h"
#include "telemetry/sentry.h"
#include "telemetry/statsd_sender.h"
#include "telemetry/telemetry_settings.h"

namespace freshet::app {

// Used by all other components. Threads: any.
struct TelemetryStack {
  // `log_to`: null = standard error.
  TelemetryStack(const telemetry::TelemetrySettings& settings, const secrets::SecretsSettings& secret_settings,
                 Clock& clock, std::ostream* log_to);

  SecretMask& secrets() { return log.secrets(); }  // of the log
  // The answer of /metrics. The arguments: as /health and /ready answer.
  std::string metrics_text(bool is_healthy, bool is_ready);

  Metrics metrics;
  telemetry::LogBackend log;
  secrets::SecretStore secret_store;
};

// Sends errors to Sentry and metrics to StatsD, if the settings say so, and metrics and log lines to an OpenTelemetry
// collector, if its environment variables say so, until it is destroyed.
class TelemetryExport {
 public:
  // `assigned` is called by the sending threads. Fatal: the DSN is invalid.
  static Result<std::unique_ptr<TelemetryExport>> start(const telemetry::TelemetrySettings& settings,
                                                        const std::function<telemetry::AssignedPartitions()>& assigned,
                                                        Clock& clock, TelemetryStack& stack);
  ~TelemetryExport();

 private:
  explicit TelemetryExport(TelemetryStack& stack) : stack_(stack) {}
  void start_otlp(Clock& clock);

  TelemetryStack& stack_;
  std::unique_ptr<telemetry::SentryReporter> sentry_;
  std::unique_ptr<telemetry::StatsdSender> statsd_;
  std::unique_ptr<telemetry::OtlpSender> otlp_;
};

}  // namespace freshet::app
