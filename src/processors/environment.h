// Services that processors use.
#pragma once

#include "base/clock.h"
#include "base/metrics.h"
#include "base/snapshot.h"
#include "model/delivery.h"
#include "model/options.h"

namespace freshet::processors {

// All must outlive the processors.
struct ProcessorEnvironment {
  Clock* clock;
  Metrics* metrics;
  const Snapshot<LiveOptions>* options = nullptr;  // null: the default options
  // With ExactlyOnce, rows and verdicts depend only on the message, the settings and the live options.
  Delivery delivery = Delivery::AtLeastOnce;
};

}  // namespace freshet::processors
