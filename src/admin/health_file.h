// The health file: its modification time tells the same as /health.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "admin/health.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

namespace freshet::admin {

// Touches `path` every second while `health` returns ok, on its own thread. health() in health.h is ok also before the
// first assignment, and while partitions are paused, blocked or backing off. Destruction stops the thread and leaves
// the file in place.
class HealthFile {
 public:
  HealthFile(std::string path, std::function<HealthStatus()> health, Clock& clock, Log& log, Metrics& metrics);

 private:
  std::jthread thread_;
};

}  // namespace freshet::admin
