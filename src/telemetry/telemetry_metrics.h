// The metrics of this module, and those of the process. docs/metrics.md says how to react to each.
#pragma once

#include "base/metrics.h"

namespace freshet::telemetry {

struct StatsdMetrics {
  explicit StatsdMetrics(Metrics& m) : sent(payloads(m, "sent")), dropped(payloads(m, "dropped")) {}

  Counter& sent;
  Counter& dropped;

 private:
  static Counter& payloads(Metrics& metrics, const char* result) {
    return metrics.counter("freshet_statsd_payloads_total", "Payloads for the DogStatsD agent.", {{"result", result}});
  }
};

struct SentryMetrics {
  explicit SentryMetrics(Metrics& m) : sent(events(m, "sent")), dropped(events(m, "dropped")) {}

  Counter& sent;
  Counter& dropped;

 private:
  static Counter& events(Metrics& metrics, const char* result) {
    return metrics.counter("freshet_sentry_events_total", "Errors reported to Sentry.", {{"result", result}});
  }
};

struct OtlpMetrics {
  explicit OtlpMetrics(Metrics& m)
      : metrics_sent(requests(m, "metrics", "sent")),
        metrics_failed(requests(m, "metrics", "failed")),
        logs_sent(requests(m, "logs", "sent")),
        logs_failed(requests(m, "logs", "failed")),
        log_records_dropped(m.counter("freshet_otlp_log_records_dropped_total",
                                      "Log lines that were not sent to the OpenTelemetry collector.")) {}

  Counter& metrics_sent;
  Counter& metrics_failed;
  Counter& logs_sent;
  Counter& logs_failed;
  Counter& log_records_dropped;

 private:
  static Counter& requests(Metrics& metrics, const char* signal, const char* result) {
    return metrics.counter("freshet_otlp_requests_total", "Requests to the OpenTelemetry collector.",
                           {{"signal", signal}, {"result", result}});
  }
};

inline Counter& log_lines_dropped(Metrics& metrics) {
  return metrics.counter("freshet_log_lines_dropped_total",
                         "Log lines dropped because the reader of the log was too slow.");
}

// Of this process. Each metric exists from its first value on.
struct ProcessMetrics {
  explicit ProcessMetrics(Metrics& m) : registry(m) {}

  SecondsCounter& cpu_seconds() const {
    return registry.seconds_counter("process_cpu_seconds_total", "User and system CPU time, in seconds.");
  }
  Gauge& resident_memory_bytes() const {
    return registry.gauge("process_resident_memory_bytes", "Resident memory, in bytes.");
  }
  Gauge& open_fds() const { return registry.gauge("process_open_fds", "Open file descriptors."); }
  Gauge& start_time_seconds() const {
    return registry.gauge("process_start_time_seconds", "When the process started, in seconds since 1970 (UTC).");
  }

  Metrics& registry;
};

}  // namespace freshet::telemetry
