// The admin page and its endpoints; GET / explains them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "admin/admin_settings.h"
#include "admin/connection_limits.h"
#include "admin/endpoints.h"
#include "base/result.h"

namespace freshet::admin {

// Threads: any. Serves until destroyed, with bounds on everything that a client can do (connection_limits.h,
// request_reader.h). Destruction closes the sockets at once and waits only for the source under way, which it asks to
// stop.
class AdminServer {
 public:
  // Fatal: the address is wrong or taken.
  static Result<std::unique_ptr<AdminServer>> start(
      const AdminSettings& settings, AdminSources sources,
      const ConnectionLimits& limits = ConnectionLimits::for_this_process());
  ~AdminServer();

  uint16_t port() const;
  std::string address() const;  // "http://127.0.0.1:8080/"

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::admin
