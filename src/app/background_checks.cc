#include "app/background_checks.h"

#include <vector>

#include "app/table_check.h"
#include "kafka/cluster.h"

namespace freshet::app {
namespace {

constexpr Duration kTimeout = std::chrono::seconds(5);
constexpr size_t kSample = 200;

// Every topic that is read or written, each over its own connection.
std::vector<kafka::ProducerSettings> topics_of(const settings::Pipeline& pipeline) {
  const kafka::KafkaSettings& k = pipeline.kafka;
  return {{k.topic, k.connection},  {k.dead_letter_topic, k.dead_letter_connection.value_or(k.connection)},
          k.side_topics.commit_log, k.side_topics.replacements,
          k.side_topics.accountant, k.side_topics.accepted_outcomes};
}

bool create_topics(const settings::Pipeline& pipeline, Log& log) {
  for (const auto& [topic, connection] : topics_of(pipeline)) {
    if (topic.empty() || kafka::count_partitions(connection, topic, kTimeout, log)) continue;
    if (const Status created = kafka::create_topic(connection, topic, 0, kTimeout, log); !created) {
      log.warn("topic_not_created", {{"topic", topic}, {"error", created.error().text}});
      return false;
    }
    log.info("topic_created", {{"topic", topic}});
  }
  return true;
}

void compare_table(const TableCheck& check, const settings::Pipeline& pipeline, Log& log) {
  for (const clickhouse::Finding& finding : check.findings) {
    if (finding.severity == clickhouse::Severity::Info) continue;
    log.warn("table_check", {{"table", pipeline.clickhouse.table},
                             {"severity", clickhouse::to_string(finding.severity)},
                             {"subject", finding.subject},
                             {"reason", finding.text}});
  }
  if (check.invalid > 0) {
    log.warn("table_check",
             {{"invalid_messages", check.invalid}, {"of", check.sampled}, {"reason", check.first_reason}});
  }
}

}  // namespace

BackgroundChecks::BackgroundChecks(const settings::Pipeline& pipeline, Clock& clock, Log& log)
    : thread_([&pipeline, &clock, &log](std::stop_token stop) {
        bool topics_done = !pipeline.kafka.create_topics;
        do {
          topics_done = topics_done || create_topics(pipeline, log);
          if (!topics_done) continue;
          if (pipeline.stream.skip_write || pipeline.stream.accepted_outcomes) return;  // no table
          const auto check = check_table(pipeline, kSample, clock, kTimeout, stop, log);
          if (check && check->sampled > 0) return compare_table(*check, pipeline, log);
          if (!check && check.error().kind != ErrorKind::Stopping) {
            log.warn("not_there_yet", {{"error", check.error().text}});
          }
        } while (sleep_interruptibly(clock, stop, std::chrono::seconds(10)));
      }) {}

}  // namespace freshet::app
