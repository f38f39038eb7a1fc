#include "app/pipeline_runtime.h"

#include <utility>

#include "app/side_topics.h"
#include "kafka/client_config.h"
#include "kafka/kafka_producer.h"

namespace freshet::app {

Result<std::unique_ptr<PipelineRuntime>> PipelineRuntime::open(const settings::Pipeline& settings,
                                                               const LiveOptions& options, Clock& clock,
                                                               TelemetryStack& telemetry) {
  std::unique_ptr<PipelineRuntime> out(new PipelineRuntime(options));
  if (const Status opened = out->open_stream(settings, clock, telemetry); !opened) {
    return tl::make_unexpected(opened.error());
  }
  return out;
}

Status PipelineRuntime::open_stream(const settings::Pipeline& settings, Clock& clock, TelemetryStack& telemetry) {
  if (!settings.clickhouse.urls.empty()) hosts_ = std::make_shared<clickhouse::Hosts>(settings.clickhouse.urls);
  auto dependencies =
      stream_dependencies({settings, clock, telemetry.log, telemetry.metrics, options_,
                           settings.wants_native() ? &table_ : nullptr, &telemetry.secret_store, hosts_},
                          outcomes_);
  if (!dependencies) return tl::make_unexpected(dependencies.error());
  const bool dead_letters = dependencies->has_dead_letters;
  stream::StreamSettings stream_settings = settings.stream;
  // The limit includes the consumer's queue, and the memory that is fetched while the rest of the queue is delivered.
  stream_settings.memory_limit -= 2 * kafka::fetch_queue_bytes(stream_settings.memory_limit);
  stream_settings.source_queue_bytes = kafka::fewest_bytes_of_full_queue(settings.stream.memory_limit);
  stream_settings.source_keeps_messages = kafka::fetches_on_from_full_queue();
  stream_ = std::make_unique<stream::Stream>(stream_settings, *std::move(dependencies), settings.options, clock,
                                             telemetry.log, telemetry.metrics);
  auto topics = open_side_topics(settings, *stream_, telemetry);
  if (!topics) return tl::make_unexpected(topics.error());
  side_topics_ = *std::move(topics);
  return dead_letters ? open_dead_letters(settings, telemetry) : Status();
}

Status PipelineRuntime::open_dead_letters(const settings::Pipeline& settings, TelemetryStack& telemetry) {
  const kafka::KafkaSettings& to = settings.kafka;
  auto producer = kafka::KafkaProducer::open({to.dead_letter_topic, to.dead_letter_connection.value_or(to.connection)},
                                             "dead letter", RecordOrder::Any, stream_->dead_letter_results(),
                                             telemetry.log, telemetry.metrics, &telemetry.secret_store);
  if (!producer) return tl::make_unexpected(producer.error());
  dead_letters_ = *std::move(producer);
  stream_->set_dead_letters(dead_letters_.get());
  return {};
}

void PipelineRuntime::set_options(const LiveOptions& options) {
  options_.set(options);
  stream_->set_options(options);
}

}  // namespace freshet::app
