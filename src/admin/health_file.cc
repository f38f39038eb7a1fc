#include "admin/health_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <utility>

namespace freshet::admin {
namespace {

// 0, or the error number.
int touch(const std::string& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  const int error = futimens(fd, nullptr) == 0 ? 0 : errno;
  close(fd);
  return error;
}

}  // namespace

HealthFile::HealthFile(std::string path, std::function<Answer()> health, Clock& clock, Log& log, Metrics& metrics)
    : thread_([path = std::move(path), health = std::move(health), &clock, &log,
               &touches = metrics.counter("freshet_health_file_touches_total",
                                          "How often the health file was touched.")](std::stop_token stop) {
        do {
          if (!health().ok) continue;
          if (const int error = touch(path); error != 0) {
            log.error("health_file_not_written", {{"path", path}, {"error", std::strerror(error)}});
          } else {
            touches.add();
          }
        } while (sleep_interruptibly(clock, stop, std::chrono::seconds(1)));
      }) {}

}  // namespace freshet::admin
