// Sends log lines at level error to Sentry, as envelopes over HTTP
// (https://develop.sentry.dev/sdk/data-model/envelopes/).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/metrics.h"
#include "base/result.h"
#include "telemetry/assigned_partitions.h"
#include "telemetry/error_report.h"
#include "telemetry/telemetry_settings.h"

namespace freshet::telemetry {

// The destination of the envelopes and the sender's identity. Fatal: the DSN is not valid.
struct SentryTarget {
  std::string url;   // .../api/PROJECT/envelope/
  std::string auth;  // the value of X-Sentry-Auth
};
Result<SentryTarget> sentry_target(const std::string& dsn);

// An envelope with one event: its name, code, numbers and names; no text that may quote a message.
std::string sentry_envelope(const ErrorReport& report, const SentrySettings& settings,
                            const AssignedPartitions& assigned);

// Threads: report() by any, never blocks; its own sends. At most 50 wait and 30 a minute are sent; the others are
// dropped and counted (freshet_sentry_events_total). What waits at the end gets two seconds.
class SentryReporter {
 public:
  // The reporter's thread calls `assigned`.
  SentryReporter(const SentrySettings& settings, SentryTarget target, std::function<AssignedPartitions()> assigned,
                 Clock& clock, Metrics& metrics);
  ~SentryReporter();

  void report(ErrorReport report) noexcept;

 private:
  class Sender;
  void run(std::stop_token stop);

  const SentrySettings settings_;
  const SentryTarget target_;
  const std::function<AssignedPartitions()> assigned_;
  Clock& clock_;
  Counter& sent_;
  Counter& dropped_;
  Mailbox<ErrorReport> waiting_{50};
  std::jthread thread_;
};

}  // namespace freshet::telemetry
