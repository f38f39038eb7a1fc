#include "app/side_topics.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "kafka/kafka_producer.h"
#include "snuba_outputs/side_outputs.h"

namespace freshet::app {

std::vector<kafka::ProducerSettings> topics_of(const settings::Pipeline& pipeline) {
  const kafka::KafkaSettings& k = pipeline.kafka;
  const std::vector<kafka::ProducerSettings> all = {
      {k.topic, k.connection},  {k.dead_letter_topic, k.dead_letter_connection.value_or(k.connection)},
      k.side_topics.commit_log, k.side_topics.replacements,
      k.side_topics.cogs,       k.side_topics.accepted_outcomes};
  std::vector<kafka::ProducerSettings> named;
  std::copy_if(all.begin(), all.end(), std::back_inserter(named), [](const auto& one) { return !one.topic.empty(); });
  return named;
}

Result<std::vector<std::unique_ptr<RecordProducer>>> open_side_topics(const settings::Pipeline& pipeline,
                                                                      stream::Stream& stream,
                                                                      TelemetryStack& telemetry) {
  using snuba_outputs::SideTopicName;
  std::vector<std::unique_ptr<RecordProducer>> opened;
  if (!pipeline.snuba || pipeline.stream.skip_write) return opened;
  struct Wanted {
    bool wanted;
    SideTopicName name;
    const kafka::ProducerSettings& settings;
    const char* what;
  };
  const snuba_outputs::SideOutputSettings& outputs = pipeline.snuba->side_outputs;
  const kafka::SideTopicSettings& topics = pipeline.kafka.side_topics;
  const std::array all = {
      Wanted{outputs.commit_log, SideTopicName::CommitLog, topics.commit_log, "commit log"},
      Wanted{outputs.replacements, SideTopicName::Replacements, topics.replacements, "replacement"},
      Wanted{outputs.cogs, SideTopicName::Cogs, topics.cogs, "cogs"},
  };
  for (const Wanted& one : all) {
    if (!one.wanted) continue;
    const auto number = static_cast<size_t>(one.name);
    auto producer = kafka::KafkaProducer::open(one.settings, one.what, RecordOrder::Keep, stream.side_results(number),
                                               telemetry.log, telemetry.metrics, &telemetry.secret_store);
    if (!producer) return tl::make_unexpected(producer.error());
    stream.set_side_producer(number, producer->get());
    opened.push_back(*std::move(producer));
  }
  return opened;
}

}  // namespace freshet::app
