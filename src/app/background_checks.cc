#include "app/background_checks.h"

#include <utility>
#include <vector>

#include "app/app_events.h"
#include "app/side_topics.h"
#include "app/table_check.h"
#include "app/table_types.h"
#include "base/threads.h"
#include "kafka/cluster.h"
#include "kafka/connection_files.h"

namespace freshet::app {
namespace {

constexpr Duration kAnswerTimeout = std::chrono::seconds(5);
constexpr Duration kPause = std::chrono::seconds(10);
constexpr Duration kBetweenAudits = std::chrono::seconds(50);  // at most a minute with the pause of the loop
constexpr kafka::SampleLimit kBackgroundSample{.messages = 200,
                                               .bytes = 4 << 20};  // small: the stream needs the memory

// With the secrets of now: those of the start may be refused meanwhile.
settings::Pipeline with_current_secrets(settings::Pipeline pipeline, secrets::SecretStore* secrets) {
  kafka::KafkaSettings& k = pipeline.kafka;
  kafka::SideTopicSettings& side = k.side_topics;
  std::vector<kafka::ConnectionSettings*> connections = {&k.connection, &side.commit_log.connection,
                                                         &side.replacements.connection, &side.cogs.connection,
                                                         &side.accepted_outcomes.connection};
  if (k.dead_letter_connection) connections.push_back(&*k.dead_letter_connection);
  for (kafka::ConnectionSettings* connection : connections) {
    *connection = kafka::ConnectionFiles(*connection, secrets).settings();
  }
  return pipeline;
}

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
                     secrets::SecretStore* secrets) {
  const auto check = check_table(pipeline, kBackgroundSample, clock, kAnswerTimeout, stop, log, secrets);
  if (!check && check.error().kind != ErrorKind::Stopping) {
    log.emit(DependencyMissing{check.error().text});
  }
  if (!check || check->sampled == 0) return false;
  compare_table(*check, pipeline, log);
  return true;
}

// What remains to be done, turn by turn.
class Checks {
 public:
  Checks(const settings::Pipeline& pipeline, DeliveryDecision& delivery, FormatDecision& format,
         BackgroundChecks::OnTable on_table, Clock& clock, Log& log, secrets::SecretStore* secrets)
      : pipeline_(pipeline),
        delivery_(delivery),
        format_(format),
        on_table_(std::move(on_table)),
        clock_(clock),
        log_(log),
        secrets_(secrets),
        has_table_(!pipeline.stream.skip_write && !pipeline.accepted_outcomes),
        table_compared_(!has_table_),
        audited_at_(clock.steady_now()) {}

  void run(const std::stop_token& stop) {
    format_.begin();
    do {
      turn(stop);
    } while (!done() && sleep_interruptibly(clock_, stop, kPause));
  }

 private:
  bool done() const {
    return topics_done_ && table_compared_ && !delivery_.depends_on_table() && !format_.depends_on_table();
  }

  void turn(const std::stop_token& stop) {
    if (format_.depends_on_table()) follow_table(stop);
    if (delivery_.depends_on_table() && clock_.steady_now() - audited_at_ >= kBetweenAudits) {
      delivery_.audit_again(stop);
      audited_at_ = clock_.steady_now();
    }
    if (topics_done_ && table_compared_) return;
    const settings::Pipeline now = with_current_secrets(pipeline_, secrets_);
    if (!topics_done_) topics_done_ = ensure_topics(now, log_);
    if (pipeline_.kafka.create_topics && !topics_done_) return;
    if (table_compared_) return;
    table_compared_ = check_the_table(now, clock_, stop, log_, secrets_);
    // Once: the table may be as its operator wants it.
    if (table_compared_ && !delivery_.depends_on_table()) delivery_.audit_again(stop);
  }

  // Rows are JSONEachRow until the first answer. An insert that the changed table refuses is sent as JSONEachRow, so
  // nobody waits for the next one.
  void follow_table(const std::stop_token& stop) {
    auto types = description_.accept(describe(stop), clock_.steady_now());
    format_.follow(types);
    if (!types || *types == known_) return;
    known_ = *types;
    on_table_(*std::move(types));
  }

  // What the user may insert is asked once for each state of the table.
  Result<TableColumns> describe(const std::stop_token& stop) {
    auto types = table_types(pipeline_, clock_, kAnswerTimeout, stop, secrets_);
    if (!types) return types;
    if (*types == described_) return insertable_;
    const TableColumns described = *types;
    auto insertable = if_user_may_insert(*std::move(types), pipeline_, clock_, kAnswerTimeout, stop, secrets_);
    if (!insertable) return insertable;  // inserts fail, too, and say why
    described_ = described;
    insertable_ = *insertable;
    return insertable;
  }

  const settings::Pipeline& pipeline_;
  DeliveryDecision& delivery_;
  FormatDecision& format_;
  const BackgroundChecks::OnTable on_table_;
  Clock& clock_;
  Log& log_;
  secrets::SecretStore* const secrets_;
  const bool has_table_;
  bool topics_done_ = false;
  bool table_compared_;
  SteadyTime audited_at_;
  TrustedDescription description_;
  TableColumns known_;
  TableColumns described_;   // what if_user_may_insert() was asked about last
  TableColumns insertable_;  // and what it said
};

}  // namespace

BackgroundChecks::BackgroundChecks(const settings::Pipeline& pipeline, DeliveryDecision& delivery,
                                   FormatDecision& format, OnTable on_table, Clock& clock, Log& log,
                                   secrets::SecretStore* secrets)
    : thread_(needed_thread("server_checks", [&pipeline, &delivery, &format, on_table = std::move(on_table), &clock,
                                              &log, secrets](const std::stop_token& stop) mutable {
        Checks(pipeline, delivery, format, std::move(on_table), clock, log, secrets).run(stop);
      })) {}

}  // namespace freshet::app
