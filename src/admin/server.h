// The admin page and its endpoints; GET / explains them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "admin/admin_settings.h"
#include "admin/health.h"
#include "base/result.h"
#include "model/ids.h"
#include "model/renewal.h"

namespace freshet::admin {

// The answer to a wish for a new Kafka session.
struct RenewalAsked {
  uint64_t number = 0;  // of the renewal that answers it
  bool joined = false;  // that was under way already
};

// Called by the server's threads.
struct AdminSources {
  std::function<std::string()> metrics;  // Prometheus text
  std::function<Answer()> health;
  std::function<Answer()> ready;
  std::function<std::string()> status;  // JSON
  // The operator's "go on from offset N"; what it did, for a person.
  std::function<Result<std::string>(Partition, Offset)> release;
  std::function<Result<RenewalAsked>()> renew;
  std::function<std::optional<RenewalReport>()> last_renewal;
};

// Threads: any. Serves until destroyed; destruction waits for requests under way; a read or write that stands
// still for 5 s ends its request.
class AdminServer {
 public:
  // Fatal: the address is wrong or taken.
  static Result<std::unique_ptr<AdminServer>> start(const AdminSettings& settings, AdminSources sources);
  ~AdminServer();

  uint16_t port() const;
  std::string address() const;  // "http://127.0.0.1:8080/"

 private:
  struct Parts;
  explicit AdminServer(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace freshet::admin
