// Services that processors use.
#pragma once

#include "base/clock.h"
#include "base/metrics.h"
#include "base/snapshot.h"
#include "model/options.h"

namespace freshet::processors {

// All must outlive the processors.
struct ProcessorEnvironment {
  Clock* clock;
  Metrics* metrics;
  const Snapshot<LiveOptions>* options = nullptr;  // null: the default options
};

}  // namespace freshet::processors
