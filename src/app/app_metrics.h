// The metrics of this module. docs/metrics.md says how to react to each.
#pragma once

#include "base/metrics.h"

namespace freshet::app {

inline Gauge& build_info(Metrics& metrics, const char* version, const char* librdkafka) {
  return metrics.gauge("freshet_build_info", "Always 1. The labels are the versions.",
                       {{"version", version}, {"librdkafka", librdkafka}});
}

}  // namespace freshet::app
