// What a process serves and exports while it waits before its stream exists: the admin server, the health file, errors
// to Sentry and metrics to StatsD.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "admin/health_file.h"
#include "admin/server.h"
#include "app/telemetry_stack.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/delivery_status.h"
#include "settings/settings.h"

namespace freshet::app {

// The process is healthy, because a restart would not help, and not ready. Threads: one at a time.
class StartupWait {
 public:
  // `delivery` is called by the server's threads; its texts are masked. The references must outlive the object.
  StartupWait(const settings::Settings& settings, Clock& clock, TelemetryStack& telemetry,
              std::function<DeliveryStatus()> delivery);

  // To be called before each wait. From the first call on it serves, until the object is destroyed. Tries to commit
  // where the group starts, until that succeeds. Fatal: the text says what to change.
  Status waits(const std::stop_token& stop);

 private:
  Status start();
  admin::HealthStatus not_ready() const;
  admin::ProcessStatus process() const;
  admin::AdminSources sources();

  const settings::Settings& settings_;
  Clock& clock_;
  TelemetryStack& telemetry_;
  const std::function<DeliveryStatus()> delivery_;
  bool started_ = false;
  bool starts_committed_ = false;
  std::unique_ptr<TelemetryExport> export_;
  std::unique_ptr<admin::HealthFile> health_file_;
  std::unique_ptr<admin::AdminServer> server_;
};

}  // namespace freshet::app
