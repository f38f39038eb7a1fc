// Sends log lines at level error to Sentry, as envelopes over HTTP
// (https://develop.sentry.dev/sdk/data-model/envelopes/).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/metrics.h"
#include "base/result.h"
#include "secrets/secret_store.h"
#include "telemetry/assigned_partitions.h"
#include "telemetry/error_report.h"
#include "telemetry/telemetry_metrics.h"
#include "telemetry/telemetry_settings.h"

namespace freshet::telemetry {

// Where the envelopes are sent, and the credentials. sentry_target() fails with Fatal if the DSN is invalid.
struct SentryTarget {
  std::string url;   // .../api/PROJECT/envelope/
  std::string auth;  // the value of X-Sentry-Auth
};
Result<SentryTarget> sentry_target(const std::string& dsn);

// Renders an envelope with one event. It contains the event's name, its code, numbers, and texts that is_told() allows,
// but no text that may quote a message.
std::string sentry_envelope(const ErrorReport& report, const SentrySettings& settings,
                            const AssignedPartitions& assigned);

// Sends reports on its own thread. At most 50 reports are queued and 30 a minute are sent; others are dropped and
// counted (freshet_sentry_events_total). The destructor spends at most about two seconds on sending queued reports.
// Threads: any may call report(), which never blocks.
class SentryReporter {
 public:
  // `assigned` is called on the reporter's thread. The DSN is read again while the reporter runs.
  SentryReporter(const SentrySettings& settings, SentryTarget target, std::function<AssignedPartitions()> assigned,
                 Clock& clock, Metrics& metrics, secrets::SecretStore& secrets);
  ~SentryReporter();

  void report(ErrorReport report) noexcept;

 private:
  class Sender;
  void run(std::stop_token stop);

  const SentrySettings settings_;
  const std::shared_ptr<secrets::RenewableSecret> dsn_;
  const SentryTarget target_;  // of the DSN at the start
  const std::function<AssignedPartitions()> assigned_;
  Clock& clock_;
  const SentryMetrics metrics_;
  Mailbox<ErrorReport> waiting_{50};
  std::jthread thread_;
};

}  // namespace freshet::telemetry
