// Sends metrics and log lines to an OpenTelemetry collector on its own thread: OTLP over HTTP, protobuf.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "base/metrics.h"
#include "telemetry/log_record.h"
#include "telemetry/otlp_encoder.h"
#include "telemetry/otlp_settings.h"
#include "telemetry/telemetry_metrics.h"

namespace freshet::telemetry {

// Metrics are sent at each interval, log lines every second. At most 1,024 lines wait, besides the 256 of
// a request; further ones are dropped and counted. Lines that the collector cannot take now are sent again, with longer
// and longer pauses. Metrics are not: the next request has the same counters. The destructor sends what waits, for at
// most about two seconds. Threads: any may call add(), which never blocks.
class OtlpSender {
 public:
  // Throws ThreadRefused.
  OtlpSender(OtlpSettings settings, OtlpResource resource, Clock& clock, Log& log, Metrics& metrics);
  ~OtlpSender();

  bool takes_logs() const { return !settings_.logs.url.empty(); }
  void add(LogRecord record) noexcept;

 private:
  class Exchange;
  void run(std::stop_token stop);

  const OtlpSettings settings_;
  const OtlpResource resource_;
  Clock& clock_;
  Log& log_;
  Metrics& metrics_;
  const OtlpMetrics own_metrics_;
  const SystemTime start_;
  Mailbox<LogRecord> waiting_{1024};
  std::jthread thread_;
};

}  // namespace freshet::telemetry
