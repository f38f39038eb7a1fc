// Requests a renewal when files with credentials of the Kafka connections change.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "supervisor/renewal_requests.h"

namespace freshet::supervisor {

// The next consumer reads the files itself and must log in with them before the running one is closed. Requests are
// repeated with backoff until a renewal that was requested after the change succeeds. Threads: owns one, which ends
// when this is destroyed.
class CredentialsWatch {
 public:
  // Reads the files. Returns the names of the files that changed since the last call, for logs; empty = none.
  using Look = std::function<std::string()>;

  CredentialsWatch(Look look, RenewalRequests& requests, Clock& clock, Log& log);

  // Threads: any.
  void request_stop() { thread_.request_stop(); }

 private:
  void watch(std::stop_token stop);
  bool renewed(std::stop_token stop);

  const Look look_;
  RenewalRequests& requests_;
  Clock& clock_;
  Log& log_;
  std::string changed_;
  std::jthread thread_;
};

}  // namespace freshet::supervisor
