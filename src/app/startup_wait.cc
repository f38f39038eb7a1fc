#include "app/startup_wait.h"

#include <librdkafka/rdkafka.h>

#include <optional>
#include <utility>

#include "app/app_events.h"
#include "kafka/early_start.h"

namespace freshet::app {

StartupWait::StartupWait(const settings::Settings& settings, Clock& clock, TelemetryStack& telemetry,
                         std::function<DeliveryStatus()> delivery)
    : settings_(settings), clock_(clock), telemetry_(telemetry), delivery_(std::move(delivery)) {}

Status StartupWait::waits(const std::stop_token& stop) {
  if (!started_) {
    if (const Status started = start(); !started) return started;
    started_ = true;
  }
  if (!starts_committed_) {
    starts_committed_ = kafka::commit_starts(settings_.pipeline.kafka, clock_, stop, telemetry_.log).has_value();
  }
  return {};
}

Status StartupWait::start() {
  auto exported = TelemetryExport::start(
      settings_.telemetry, [] { return telemetry::AssignedPartitions(); }, clock_, telemetry_);
  if (!exported) return tl::make_unexpected(exported.error());
  export_ = *std::move(exported);
  if (!settings_.admin.health_check_file.empty()) {
    health_file_ = std::make_unique<admin::HealthFile>(
        settings_.admin.health_check_file,
        [] {
          return admin::HealthStatus{true, ""};
        },
        clock_, telemetry_.log, telemetry_.metrics);
  }
  if (!settings_.admin.listen.empty()) {
    auto started = admin::AdminServer::start(settings_.admin, sources(), admin::ConnectionLimits::for_this_process(),
                                             &telemetry_.secret_store);
    if (!started) return tl::make_unexpected(started.error());
    server_ = *std::move(started);
  }
  telemetry_.log.emit(WaitsForTable{settings_.pipeline.clickhouse.table, server_ ? server_->address() : ""});
  return {};
}

admin::HealthStatus StartupWait::not_ready() const { return {false, delivery_().reason}; }

admin::ProcessStatus StartupWait::process() const {
  admin::ProcessStatus out;
  out.version = FRESHET_VERSION;
  out.kafka_client = rd_kafka_version_str();
  out.health.ok = true;
  out.ready = not_ready();
  out.stream.topic = settings_.pipeline.kafka.topic;
  out.stream.table = settings_.pipeline.clickhouse.table;
  out.stream.consumer_group = settings_.pipeline.kafka.consumer_group;
  out.stream.waiting_for = out.ready.reason;
  out.delivery = delivery_();
  return out;
}

admin::AdminSources StartupWait::sources() {
  admin::AdminSources out;
  out.metrics = [this] { return telemetry_.metrics_text(true, false); };
  out.health = [] { return admin::HealthStatus{true, ""}; };
  out.ready = [this] { return not_ready(); };
  out.status = [this] { return process(); };
  out.skip = [this](const SkipOrder&, std::stop_token) -> Result<std::string> {
    return failure(ErrorKind::Retry, not_ready().reason);
  };
  out.renew = [this]() -> Result<admin::RenewalAsked> { return failure(ErrorKind::Retry, not_ready().reason); };
  out.last_renewal = [] { return std::optional<RenewalReport>(); };
  return out;
}

}  // namespace freshet::app
