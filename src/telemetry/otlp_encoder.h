// Encodes metrics and log lines as requests of OTLP (opentelemetry-proto's ExportMetricsServiceRequest and
// ExportLogsServiceRequest).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "telemetry/log_record.h"

namespace freshet::telemetry {

// What a request says about its sender.
struct OtlpResource {
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string version;  // of freshet
};

// Every metric under its Prometheus name: counters and histograms are cumulative since `start`.
std::string otlp_metrics(const Metrics& metrics, const OtlpResource& resource, SystemTime start, SystemTime now);

std::string otlp_logs(const std::vector<LogRecord>& records, const OtlpResource& resource, SystemTime now);

}  // namespace freshet::telemetry
