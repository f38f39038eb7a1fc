// The admin HTTP server. GET / describes its endpoints.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "admin/admin_settings.h"
#include "admin/connection_limits.h"
#include "admin/endpoints.h"
#include "base/result.h"
#include "secrets/secret_store.h"

namespace freshet::admin {

// Serves requests until destroyed. Limits everything that clients can use (connection_limits.h, request_reader.h).
// Destruction closes the sockets at once; it requests a stop of running handlers and waits for them. Threads: any.
class AdminServer {
 public:
  // Errors: Fatal if the address is invalid or in use, or a thread cannot be started. `secrets`: see AdminToken.
  static Result<std::unique_ptr<AdminServer>> start(
      const AdminSettings& settings, AdminSources sources,
      const ConnectionLimits& limits = ConnectionLimits::for_this_process(), secrets::SecretStore* secrets = nullptr);
  ~AdminServer();

  uint16_t port() const;
  std::string address() const;  // "http://127.0.0.1:8080/"

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::admin
