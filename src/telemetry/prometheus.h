// Renders the metrics registry as Prometheus text (exposition format 0.0.4).
#pragma once

#include <string>

#include "base/metrics.h"

namespace freshet::telemetry {

std::string render_prometheus(const Metrics& metrics);

// Updates the metrics of this process (CPU time, memory, open files) from /proc.
void update_process_metrics(Metrics& metrics);

}  // namespace freshet::telemetry
