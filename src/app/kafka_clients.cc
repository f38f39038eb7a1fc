#include "app/kafka_clients.h"

#include <utility>

#include "kafka/kafka_source.h"
#include "kafka/successor.h"

namespace freshet::app {

KafkaClients::KafkaClients(const kafka::KafkaSettings& settings, Clock& clock, TelemetryStack& telemetry)
    : settings_(settings),
      clock_(clock),
      telemetry_(telemetry),
      files_(settings.connection, &telemetry.secret_store),
      identity_(settings, telemetry.log),
      reaper_(telemetry.metrics) {}

kafka::KafkaSettings KafkaClients::current_settings() const {
  kafka::KafkaSettings now = settings_;
  now.connection = files_.settings();
  return now;
}

kafka::ConsumerContext KafkaClients::context() {
  return {clock_, telemetry_.log, telemetry_.metrics, reaper_, identity_, [this] { files_.refused_later(); }};
}

Result<std::unique_ptr<Source>> KafkaClients::open_source() {
  return kafka::open_source(current_settings(), context());
}

Result<std::unique_ptr<Successor>> KafkaClients::open_successor(const Membership& running, std::function<void()> wake) {
  return kafka::open_successor(current_settings(), context(), running, std::move(wake));
}

std::unique_ptr<kafka::EndOffsets> KafkaClients::open_end_offsets() {
  return std::make_unique<kafka::EndOffsets>([this] { return current_settings(); }, reaper_, telemetry_.log);
}

}  // namespace freshet::app
