// The program that `freshet run` and the demo run: everything set up once, then one Kafka session after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "base/clock.h"
#include "base/result.h"
#include "model/options.h"
#include "model/status.h"
#include "settings/settings.h"

namespace freshet::app {

// Threads: open() and run() by main; the rest by any thread.
class Service {
 public:
  // One-time set-up: logging, metrics, admin server, live options, writers, dead-letter producer. What is only not
  // there yet (Kafka, ClickHouse, Redis, topic, table) is no error. Kind Fatal: the text says what to change.
  static Result<std::unique_ptr<Service>> open(const settings::Settings& settings, Clock& clock);
  ~Service();

  // Returns when `stop` was requested and the stream has drained, or a stop condition of the settings was reached.
  void run(std::stop_token stop);

  std::shared_ptr<const StreamStatus> status() const;
  LiveOptions options() const;
  uint16_t admin_port() const;  // 0 = off

 private:
  struct Parts;
  explicit Service(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace freshet::app
