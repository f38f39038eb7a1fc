// The health file: its age says what /health says.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "admin/health.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

namespace freshet::admin {

// Touches `path` every second while `health` answers ok, also before the first assignment, paused, blocked or in
// back-off. Own thread; stops with the object and leaves the file, whose age then grows.
class HealthFile {
 public:
  HealthFile(std::string path, std::function<HealthStatus()> health, Clock& clock, Log& log, Metrics& metrics);

 private:
  std::jthread thread_;
};

}  // namespace freshet::admin
