#include "admin/health_file.h"

#include <chrono>
#include <utility>

#include "admin/admin_events.h"
#include "admin/admin_metrics.h"
#include "base/files.h"
#include "base/threads.h"

namespace freshet::admin {

HealthFile::HealthFile(std::string path, std::function<HealthStatus()> health, Clock& clock, Log& log, Metrics& metrics)
    : thread_(needed_thread("health_file", [path = std::move(path), health = std::move(health), &clock, &log,
                                            &touches = health_file_touches(metrics)](std::stop_token stop) {
        do {
          if (!health().ok) continue;
          if (const Status touched = touch_file(path); !touched) {
            log.emit(HealthFileNotWritten{path, touched.error().text});
          } else {
            touches.add();
          }
        } while (sleep_interruptibly(clock, stop, std::chrono::seconds(1)));
      })) {}

}  // namespace freshet::admin
