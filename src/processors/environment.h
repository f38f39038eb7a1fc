// What processors use of the program around them.
#pragma once

#include "base/clock.h"
#include "base/metrics.h"
#include "base/snapshot.h"
#include "model/options.h"

namespace freshet::processors {

// All outlive the processors.
struct ProcessorEnvironment {
  Clock* clock;
  Metrics* metrics;
  const Snapshot<LiveOptions>* options = nullptr;  // null: the defaults, for ever
};

}  // namespace freshet::processors
