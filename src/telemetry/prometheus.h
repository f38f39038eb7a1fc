// The metrics registry as Prometheus text (exposition format 0.0.4).
#pragma once

#include <string>

#include "base/metrics.h"

namespace freshet::telemetry {

std::string render_prometheus(const Metrics& metrics);

// CPU time, memory and open files of this process, read from /proc at each call.
void update_process_metrics(Metrics& metrics);

}  // namespace freshet::telemetry
