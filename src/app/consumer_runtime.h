// Runs one Kafka consumer after the other on a pipeline, with the components that request renewals.
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

// Threads: construction, run() and destruction by one; all other calls by any.
class ConsumerRuntime {
 public:
  // Throws ThreadRefused. The references must outlive the runtime.
  ConsumerRuntime(const settings::Settings& settings, Clock& clock, TelemetryStack& telemetry, KafkaClients& clients,
                  PipelineRuntime& pipeline);

  // Waits for a tick before the first join if the live options set one. Returns once `stop` was requested and the
  // stream has drained, or a stop condition of the settings was reached.
  void run(std::stop_token stop);

  void set_options(const RenewalOptions& options) { plan_.set(options); }
  supervisor::RenewalRequests& requests() { return requests_; }
  supervisor::StopSequence& stops() { return stops_; }
  const supervisor::Renewal& renewal() const { return renewal_; }
  // Why no consumer can be created or renewed; empty = no problem.
  std::string not_ready_reason() const;
  // Texts are not masked.
  ConsumerStatus status() const;

  // Stream::skip(), after a check that the offset is not beyond the end of the partition. Retry: no consumer is
  // running.
  Result<SkipResult> skip(const SkipOrder& order, std::stop_token stop);

 private:
  supervisor::WatchdogPorts watchdog_ports();
  Result<std::unique_ptr<Source>> next_source();
  void wait_for_first_tick(std::stop_token stop);
  supervisor::ConsumerOutcome run_consumer(uint64_t number, std::stop_token stop);
  supervisor::ConsumerOutcome outcome_of(const stream::RunResult& result);
  supervisor::ConsumerFailed failed(const stream::RunResult& result);
  Status within_partition(Partition partition, Offset next);

  // In order of construction: later members use earlier ones and are destroyed first.
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
  const std::unique_ptr<kafka::EndOffsets> end_offsets_;    // for the watchdog
  supervisor::Watchdog watchdog_;
  std::optional<supervisor::CredentialsWatch> credentials_;
};

}  // namespace freshet::app
