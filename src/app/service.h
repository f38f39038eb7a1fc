// What `freshet run` and the demo run: everything set up once, then one Kafka consumer after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <stop_token>
#include <string>

#include "admin/health.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/options.h"
#include "model/status.h"
#include "settings/settings.h"
#include "supervisor/renewal_requests.h"

namespace freshet::app {

// Threads: open(), run() and destruction by one; the rest by any.
class Service {
 public:
  // One-time set-up: log, metrics, admin server, live options, writers, dead-letter producer. What is only not there
  // yet (Kafka, ClickHouse, Redis, topic, table) is no error. Kind Fatal: the text says what to change. `log_to`:
  // standard error when null. `stop` ends the wait for the store of live options. Throws ThreadRefused, as run() does
  // in its first lines.
  static Result<std::unique_ptr<Service>> open(const settings::Loaded& loaded, Clock& clock,
                                               std::ostream* log_to = nullptr, std::stop_token stop = {});
  ~Service();

  // Returns when `stop` was requested and the stream has drained, or a stop condition of the settings was reached. With
  // a quantised delay it joins on a tick, and a stop waits for one.
  void run(std::stop_token stop);
  // Ends the wait of a stop for its tick; false when there is none.
  bool hurry_stop();

  // Said in the log; no stop waits for its tick from now on.
  void out_of_memory();

  // Where a renewal of the Kafka consumer is asked for.
  supervisor::RenewalRequests& renewals();
  ConsumerStatus consumer() const;
  admin::HealthStatus ready();
  StreamStatus status() const;
  LiveOptions options() const;
  std::string admin_address() const;  // "http://127.0.0.1:8080/"; empty = off

 private:
  struct Impl;
  explicit Service(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::app
