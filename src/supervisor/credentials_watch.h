// Asks for a new Kafka session when the files that its connections are made with hold something else.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "supervisor/renewal_requests.h"

namespace freshet::supervisor {

// Threads: its own, until destroyed. The next session reads the files itself and proves them before the running one is
// given up; until a renewal that was asked for after the change has succeeded, it is asked for again, with back-off.
class CredentialsWatch {
 public:
  // Reads the files: which of them changed since the last call, for people; empty = none.
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
