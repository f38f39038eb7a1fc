// One Kafka consumer after the other over a pipeline: who asks for the next one, and how the last one ends.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "app/kafka_clients.h"
#include "app/pipeline_runtime.h"
#include "app/telemetry_stack.h"
#include "base/clock.h"
#include "base/snapshot.h"
#include "model/skip.h"
#include "model/status.h"
#include "settings/settings.h"
#include "supervisor/consumer_outcome.h"
#include "supervisor/credentials_watch.h"
#include "supervisor/renewal.h"
#include "supervisor/renewal_plan.h"
#include "supervisor/renewal_requests.h"
#include "supervisor/stop_sequence.h"
#include "supervisor/watchdog.h"

namespace freshet::app {

// Threads: construction, run() and destruction by one; the rest by any.
class ConsumerRuntime {
 public:
  // Throws ThreadRefused. The references outlive the runtime.
  ConsumerRuntime(const settings::Settings& settings, Clock& clock, TelemetryStack& telemetry, KafkaClients& clients,
                  PipelineRuntime& pipeline);

  // Joins on a tick where the live options name one. Returns when `stop` was requested and the stream has drained, or a
  // stop condition of the settings was reached.
  void run(std::stop_token stop);

  void set_options(const RenewalOptions& options) { plan_.set(options); }
  supervisor::RenewalRequests& requests() { return requests_; }
  supervisor::StopSequence& stops() { return stops_; }
  const supervisor::Renewal& renewal() const { return renewal_; }
  // What keeps a consumer from being built or renewed; empty = nothing.
  std::string not_ready_reason() const;
  // Texts are not masked.
  ConsumerStatus status() const;

  // Stream::skip(), of partitions that have the offset. Retry: there is no consumer right now.
  Result<SkipResult> skip(const SkipOrder& order, std::stop_token stop);

 private:
  supervisor::WatchdogPorts watchdog_ports();
  Result<std::unique_ptr<Source>> next_source();
  void wait_for_first_tick(std::stop_token stop);
  supervisor::ConsumerOutcome run_consumer(uint64_t number, std::stop_token stop);
  supervisor::ConsumerOutcome outcome_of(const stream::RunResult& result);
  supervisor::ConsumerFailed failed(const stream::RunResult& result);
  Status within_partition(Partition partition, Offset next);

  // In the order of construction: what stands later uses what stands before it and goes first.
  Clock& clock_;
  TelemetryStack& telemetry_;
  KafkaClients& clients_;
  stream::Stream& stream_;
  supervisor::RenewalRequests requests_;
  supervisor::RenewalPlan plan_;
  supervisor::StopSequence stops_;
  supervisor::Renewal renewal_;
  std::atomic<bool> consumer_running_{false};
  Snapshot<std::string> between_consumers_{std::string()};  // why the next consumer waits
  const std::unique_ptr<kafka::EndOffsets> end_offsets_;    // the watchdog's
  supervisor::Watchdog watchdog_;
  std::optional<supervisor::CredentialsWatch> credentials_;
};

}  // namespace freshet::app
