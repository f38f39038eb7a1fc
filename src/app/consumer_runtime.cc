#include "app/consumer_runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "supervisor/supervisor.h"
#include "supervisor/supervisor_events.h"
#include "supervisor/tick.h"

namespace freshet::app {
namespace {

using supervisor::ConsumerFailed;
using supervisor::ConsumerOutcome;
using supervisor::ConsumerRenewed;
using supervisor::ConsumerStopped;

constexpr Duration kLookAtPlan = std::chrono::seconds(1);

double uniform01() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace

ConsumerRuntime::ConsumerRuntime(const settings::Settings& settings, Clock& clock, TelemetryStack& telemetry,
                                 KafkaClients& clients, PipelineRuntime& pipeline)
    : clock_(clock),
      telemetry_(telemetry),
      clients_(clients),
      stream_(pipeline.stream()),
      requests_(clock, [this] { stream_.wake(); }),
      plan_(clock, pipeline.options().renewal),
      stops_(clock, plan_, telemetry.log),
      renewal_(
          {.timer_jitter = settings.supervisor.renew_jitter},
          [this](const Membership& running) { return clients_.open_successor(running, [this] { stream_.wake(); }); },
          requests_, plan_, stops_, uniform01, clock, telemetry.log, telemetry.metrics),
      end_offsets_(clients.open_end_offsets()),
      watchdog_(watchdog_ports(), plan_, requests_, clock, telemetry.log, telemetry.metrics) {
  if (!clients.files().any()) return;
  credentials_.emplace([&files = clients.files()] { return files.look(); }, requests_, clock, telemetry.log);
}

supervisor::WatchdogPorts ConsumerRuntime::watchdog_ports() {
  supervisor::WatchdogPorts ports;
  ports.status = [this] { return stream_.status(); };
  ports.end_offsets = [this](const std::vector<Partition>& partitions) { return end_offsets_->look_up(partitions); };
  ports.refetch = [this](const std::vector<Partition>& partitions) { stream_.refetch(partitions); };
  return ports;
}

void ConsumerRuntime::run(std::stop_token stop) {
  supervisor::Supervisor supervisor(
      clock_, telemetry_.log, {}, uniform01,
      [this](uint64_t number, std::stop_token consumer_stop) { return run_consumer(number, consumer_stop); },
      [this](SteadyTime until, std::stop_token wait_stop) { stream_.wait(until, wait_stop); });
  const std::stop_callback on_stop(stop, [this] {
    watchdog_.request_stop();
    if (credentials_) credentials_->request_stop();
    stops_.begin();
  });
  wait_for_first_tick(stop);
  supervisor.run(stop);
  renewal_.abandon();
}

// Members that start together join together.
void ConsumerRuntime::wait_for_first_tick(std::stop_token stop) {
  supervisor::TickWait tick(clock_, plan_);
  if (tick.over()) return;
  telemetry_.log.emit(
      supervisor::WaitingForTick{"join", plan_.get().tick.count(), to_seconds(tick.deadline() - clock_.steady_now())});
  while (!stop.stop_requested() && !tick.over()) {
    stream_.wait(std::min(tick.deadline(), clock_.steady_now() + kLookAtPlan), stop);
  }
}

// The consumer that the previous one prepared, or a new one.
Result<std::unique_ptr<Source>> ConsumerRuntime::next_source() {
  if (auto prepared = renewal_.take_next()) return prepared;
  return clients_.open_source();
}

ConsumerOutcome ConsumerRuntime::run_consumer(uint64_t number, std::stop_token stop) {
  auto source = next_source();
  if (!source) return ConsumerFailed{source.error().text};
  supervisor::EndDecision decision;
  const std::stop_callback on_stop(stop, [&] {
    decision.claim(supervisor::EndReason::Stop);
    stream_.wake();
  });
  // The stop wakes the loop, but a wait for the tick may begin after that.
  const std::stop_callback on_asked(stops_.asked(), [this] { stream_.wake(); });
  const std::stop_callback on_drain(stops_.drain(), [this] { stream_.wake(); });
  renewal_.consumer_started(decision);
  between_consumers_.set({});
  consumer_running_.store(true);
  const stream::RunResult result = stream_.run(**source, number, renewal_);
  consumer_running_.store(false);
  renewal_.consumer_ended();
  return outcome_of(result);
}

ConsumerOutcome ConsumerRuntime::outcome_of(const stream::RunResult& result) {
  switch (result.end) {
    case stream::End::Broken:
      return failed(result);
    case stream::End::Renewed:
      return ConsumerRenewed{.member_already = renewal_.has_next_member()};
    default:
      return ConsumerStopped();
  }
}

ConsumerFailed ConsumerRuntime::failed(const stream::RunResult& result) {
  ConsumerFailed failure{result.reason};
  if (!result.fenced || renewal_.may_have_fenced_itself()) return failure;
  kafka::Identity& identity = clients_.identity();
  failure.fenced_by_other = identity.configured();
  if (failure.fenced_by_other) {
    failure.error =
        "another process uses the same --group-instance-id " + identity.instance_id() + "; each process needs its own";
  } else {
    identity.regenerate();
  }
  between_consumers_.set(failure.error);
  return failure;
}

std::string ConsumerRuntime::not_ready_reason() const {
  if (const auto waits = *between_consumers_.get(); !waits.empty()) return waits;
  if (const auto waits = renewal_.waiting_for(); !waits.empty()) return waits;
  return watchdog_.not_ready_reason();
}

ConsumerStatus ConsumerRuntime::status() const {
  const kafka::Identity& identity = clients_.identity();
  const auto continuity = identity.continuity();
  ConsumerStatus status;
  status.instance_id = identity.instance_id();
  status.instance_id_configured = identity.configured();
  status.continuity = continuity == Membership::Continuity::Works    ? "static"
                      : continuity == Membership::Continuity::Absent ? "rejoin"
                                                                     : "unknown";
  status.last_renewal = requests_.last();
  status.waiting_for = not_ready_reason();
  status.renewal_waits_for = renewal_.under_way();
  return status;
}

Result<SkipResult> ConsumerRuntime::skip(const SkipOrder& order, std::stop_token stop) {
  if (!consumer_running_.load()) return failure(ErrorKind::Retry, "no Kafka consumer right now; try again");
  const Status within = order.next ? within_partition(order.partition, *order.next) : Status();
  if (!within) return tl::make_unexpected(within.error());
  return stream_.skip(order, std::move(stop));
}

// Beyond the end of a partition the reset policy would choose the next offset. A blocked partition is not fetched, so
// the consumer's cached end may be old: if `next` is beyond it, ask the broker, once. Without an answer the skip is
// allowed.
Status ConsumerRuntime::within_partition(Partition partition, Offset next) {
  const auto status = stream_.status();
  const auto known = std::find_if(status->partitions.begin(), status->partitions.end(),
                                  [&](const PartitionStatus& one) { return one.partition == partition; });
  if (known == status->partitions.end() || (known->end && next <= *known->end)) return {};
  const auto ends = clients_.open_end_offsets()->look_up({partition});
  if (!ends || next <= ends->at(partition)) return {};
  return failure(ErrorKind::Invalid, fmt::format("partition {} ends at offset {}; choose that offset or a lower one",
                                                 partition.value, ends->at(partition).value));
}

}  // namespace freshet::app
