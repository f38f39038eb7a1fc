// Sends the metrics to a DogStatsD agent on its own thread.
#pragma once

#include <functional>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "telemetry/statsd_encoder.h"
#include "telemetry/statsd_transport.h"
#include "telemetry/telemetry_metrics.h"
#include "telemetry/telemetry_settings.h"

namespace freshet::telemetry {

// Reads the registry every 3 s (every second with --compat june) and on destruction, and sends what has changed.
// `metrics` must keep recent values (Metrics::keep_recent_values()).
class StatsdSender {
 public:
  // `assigned` is called on the sender's thread.
  StatsdSender(const StatsdSettings& settings, std::function<AssignedPartitions()> assigned, Clock& clock, Log& log,
               Metrics& metrics);

 private:
  void flush();

  const std::function<AssignedPartitions()> assigned_;
  Log& log_;
  Metrics& metrics_;
  const StatsdMetrics own_metrics_;
  StatsdTransport transport_;
  StatsdEncoder encoder_;
  std::jthread thread_;
};

}  // namespace freshet::telemetry
