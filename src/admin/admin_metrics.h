// The metrics of this module. docs/metrics.md says how to react to each.
#pragma once

#include "base/metrics.h"

namespace freshet::admin {

inline Counter& health_file_touches(Metrics& metrics) {
  return metrics.counter("freshet_health_file_touches_total", "Updates of the health file.");
}

}  // namespace freshet::admin
