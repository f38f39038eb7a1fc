// Creates the process's Kafka clients and disposes of them.
#pragma once

#include <functional>
#include <memory>

#include "app/telemetry_stack.h"
#include "base/clock.h"
#include "base/result.h"
#include "kafka/connection_files.h"
#include "kafka/end_offsets.h"
#include "kafka/identity.h"
#include "kafka/kafka_settings.h"
#include "kafka/kafka_source.h"
#include "kafka/reaper.h"
#include "ports/source.h"
#include "ports/successor.h"

namespace freshet::app {

// Threads: any.
class KafkaClients {
 public:
  KafkaClients(const kafka::KafkaSettings& settings, Clock& clock, TelemetryStack& telemetry);

  Result<std::unique_ptr<Source>> open_source();
  // `wake` is called when the successor's state changes.
  Result<std::unique_ptr<Successor>> open_successor(const Membership& running, std::function<void()> wake);
  // Offset lookups over a separate client. Use it on one thread at a time.
  std::unique_ptr<kafka::EndOffsets> open_end_offsets();

  kafka::ConnectionFiles& files() { return files_; }
  kafka::Identity& identity() { return identity_; }
  // Waits until every client is destroyed or `limit` has passed; true if all are destroyed.
  bool wait_for_end(Duration limit) { return reaper_.wait_idle(clock_, clock_.steady_now() + limit); }

 private:
  // The settings of a client that is created now: with the current contents of the connection's files.
  kafka::KafkaSettings current_settings() const;
  kafka::ConsumerContext context();

  const kafka::KafkaSettings& settings_;
  Clock& clock_;
  TelemetryStack& telemetry_;
  kafka::ConnectionFiles files_;
  kafka::Identity identity_;
  kafka::Reaper reaper_;
};

}  // namespace freshet::app
