// The metrics of this module. docs/metrics.md says how to react to each.
#pragma once

#include "base/metrics.h"

namespace freshet::python_worker {

inline Counter& workers_replaced(Metrics& metrics) {
  return metrics.counter("freshet_python_workers_replaced_total",
                         "Python workers that died, hung or sent an invalid answer, and were replaced.");
}

}  // namespace freshet::python_worker
