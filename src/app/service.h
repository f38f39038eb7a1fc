// Runs `freshet run` and the demo: one-time set-up, then one Kafka consumer after the other.
#pragma once

#include <cstdint>
#include <memory>
#include <ostream>
#include <stop_token>
#include <string>

#include "admin/health.h"
#include "base/clock.h"
#include "base/result.h"
#include "model/delivery_status.h"
#include "model/options.h"
#include "model/status.h"
#include "settings/settings.h"
#include "supervisor/renewal_requests.h"

namespace freshet::app {

// Threads: open(), run() and destruction by one; all other calls by any.
class Service {
 public:
  // One-time set-up: log, metrics, admin server, live options, writers, dead-letter producer. A dependency that does
  // not exist yet (Kafka, ClickHouse, Redis, topic, table) is not an error. If the delivery depends on the table, waits
  // for it (delivery_decision.h); meanwhile an admin server reports that. Fatal: the text says what to change.
  // Stopping: `stop` was requested during that wait. `log_to`: null = standard error. `stop` also interrupts the read
  // of the live options. Throws ThreadRefused, as run() may in its first lines.
  static Result<std::unique_ptr<Service>> open(const settings::Loaded& loaded, Clock& clock,
                                               std::ostream* log_to = nullptr, std::stop_token stop = {});
  ~Service();

  // Returns once `stop` was requested and the stream has drained, or a stop condition of the settings was reached. With
  // a quantised rebalance delay it joins on a tick, and a stop waits for one.
  void run(std::stop_token stop);
  // Ends a stop's wait for its tick; false if there is none.
  bool hurry_stop();

  // Logs the shortage; from now on no stop waits for its tick.
  void out_of_memory();

  // Takes requests to renew the Kafka consumer.
  supervisor::RenewalRequests& renewals();
  ConsumerStatus consumer() const;
  admin::HealthStatus ready();
  DeliveryStatus delivery() const;
  StreamStatus status() const;
  LiveOptions options() const;
  std::string admin_address() const;  // "http://127.0.0.1:8080/"; empty = no admin server

 private:
  struct Impl;
  explicit Service(std::unique_ptr<Impl> impl);

  std::unique_ptr<Impl> impl_;
};

}  // namespace freshet::app
