#include "app/side_topics.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "kafka/kafka_producer.h"

namespace freshet::app {

std::vector<kafka::ProducerSettings> topics_of(const settings::Pipeline& pipeline) {
  const kafka::KafkaSettings& k = pipeline.kafka;
  const std::vector<kafka::ProducerSettings> all = {
      {k.topic, k.connection},  {k.dead_letter_topic, k.dead_letter_connection.value_or(k.connection)},
      k.side_topics.commit_log, k.side_topics.replacements,
      k.side_topics.accountant, k.side_topics.accepted_outcomes};
  std::vector<kafka::ProducerSettings> named;
  std::copy_if(all.begin(), all.end(), std::back_inserter(named), [](const auto& one) { return !one.topic.empty(); });
  return named;
}

Result<std::vector<std::unique_ptr<RecordProducer>>> open_side_topics(const settings::Pipeline& pipeline,
                                                                      stream::Stream& stream, Log& log,
                                                                      Metrics& metrics) {
  using stream::SideTopicName;
  struct Wanted {
    bool wanted;
    SideTopicName name;
    const kafka::ProducerSettings& settings;
    const char* what;
  };
  const stream::SideOutputSettings& outputs = pipeline.stream.side_outputs;
  const kafka::SideTopicSettings& topics = pipeline.kafka.side_topics;
  const std::array all = {
      Wanted{outputs.commit_log, SideTopicName::CommitLog, topics.commit_log, "commit log"},
      Wanted{outputs.replacements, SideTopicName::Replacements, topics.replacements, "replacement"},
      Wanted{outputs.cogs, SideTopicName::Cogs, topics.accountant, "COGS record"},
  };
  std::vector<std::unique_ptr<RecordProducer>> opened;
  for (const Wanted& one : all) {
    if (!one.wanted || pipeline.stream.skip_write) continue;
    auto producer = kafka::KafkaProducer::open(one.settings, one.what, RecordOrder::Keep,
                                               stream.record_results(one.name), log, metrics);
    if (!producer) return tl::make_unexpected(producer.error());
    stream.set_side_topic(one.name, producer->get());
    opened.push_back(*std::move(producer));
  }
  return opened;
}

}  // namespace freshet::app
