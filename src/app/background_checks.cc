#include "app/background_checks.h"

#include <vector>

#include "app/app_events.h"
#include "app/side_topics.h"
#include "app/table_check.h"
#include "base/threads.h"
#include "kafka/cluster.h"

namespace freshet::app {
namespace {

constexpr Duration kAnswerTimeout = std::chrono::seconds(5);
constexpr Duration kBetweenAudits = std::chrono::seconds(50);  // at most a minute with the pause of the loop
constexpr kafka::SampleLimit kBackgroundSample{.messages = 200,
                                               .bytes = 4 << 20};  // small: the stream needs the memory

bool create_topics(const settings::Pipeline& pipeline, Log& log) {
  for (const auto& [topic, connection] : topics_of(pipeline)) {
    if (kafka::count_partitions(connection, topic, kAnswerTimeout, log)) continue;
    if (const Status created = kafka::create_topic(connection, topic, 0, kAnswerTimeout, log); !created) {
      log.emit(TopicNotCreated{topic, created.error().text});
      return false;
    }
    log.emit(TopicCreated{topic});
  }
  return true;
}

// Skips the source topic: the consumer waits for it and reports it.
bool all_topics_there(const settings::Pipeline& pipeline, Log& log) {
  bool all = true;
  for (const auto& [topic, connection] : topics_of(pipeline)) {
    if (topic.empty() || topic == pipeline.kafka.topic) continue;
    const auto partitions = kafka::count_partitions(connection, topic, kAnswerTimeout, log);
    if (partitions) continue;
    all = false;
    log.emit(DependencyMissing{partitions.error().text});
  }
  return all;
}

void compare_table(const TableCheck& check, const settings::Pipeline& pipeline, Log& log) {
  for (const clickhouse::Finding& finding : check.findings) {
    if (finding.severity == clickhouse::Severity::Info) continue;
    log.emit(TableFinding{pipeline.clickhouse.table, clickhouse::to_string(finding.severity), finding.subject,
                          finding.text});
  }
  if (check.invalid > 0) {
    log.emit(SampleInvalid{check.invalid, check.sampled, check.first_reason});
  }
}

bool ensure_topics(const settings::Pipeline& pipeline, Log& log) {
  return pipeline.kafka.create_topics ? create_topics(pipeline, log) : all_topics_there(pipeline, log);
}

// False: try again later, because there is no table, or no message to compare it with.
bool check_the_table(const settings::Pipeline& pipeline, Clock& clock, const std::stop_token& stop, Log& log,
                     SecretMask* secrets) {
  const auto check = check_table(pipeline, kBackgroundSample, clock, kAnswerTimeout, stop, log, secrets);
  if (!check && check.error().kind != ErrorKind::Stopping) {
    log.emit(DependencyMissing{check.error().text});
  }
  if (!check || check->sampled == 0) return false;
  compare_table(*check, pipeline, log);
  return true;
}

}  // namespace

BackgroundChecks::BackgroundChecks(const settings::Pipeline& pipeline, DeliveryDecision& delivery, Clock& clock,
                                   Log& log, SecretMask* secrets)
    : thread_(needed_thread([&pipeline, &delivery, &clock, &log, secrets](std::stop_token stop) {
        bool topics_done = false;
        bool table_done = pipeline.stream.skip_write || pipeline.accepted_outcomes;  // no table
        SteadyTime audited_at = clock.steady_now();
        do {
          if (delivery.depends_on_table() && clock.steady_now() - audited_at >= kBetweenAudits) {
            delivery.audit_again(stop);
            audited_at = clock.steady_now();
          }
          if (!topics_done) topics_done = ensure_topics(pipeline, log);
          if (pipeline.kafka.create_topics && !topics_done) continue;
          if (!table_done) {
            table_done = check_the_table(pipeline, clock, stop, log, secrets);
            // Once: the table may be as its operator wants it.
            if (table_done && !delivery.depends_on_table()) delivery.audit_again(stop);
          }
          if (topics_done && table_done && !delivery.depends_on_table()) return;
        } while (sleep_interruptibly(clock, stop, std::chrono::seconds(10)));
      })) {}

}  // namespace freshet::app
