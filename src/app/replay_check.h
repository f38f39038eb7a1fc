// Whether the messages of dead letters would become rows now, for `freshet dlq replay`.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "clickhouse/clickhouse_client.h"
#include "dead_letters/replay.h"
#include "dead_letters/stored_dead_letter.h"
#include "ports/processor.h"
#include "ports/schema.h"
#include "secrets/secret_store.h"
#include "settings/settings.h"

namespace freshet::app {

// Threads: one.
class ReplayCheck {
 public:
  static constexpr size_t kMostUnanswered = 3;   // messages in a row
  static constexpr size_t kMostRowsAsked = 100;  // of a message

  // The arguments must outlive the check. Fatal: a setting is not usable. Other errors: a table is configured, but its
  // server does not describe it, so that no message could be checked.
  static Result<std::unique_ptr<ReplayCheck>> open(const settings::Pipeline& pipeline, Clock& clock,
                                                   secrets::SecretStore* secrets, std::stop_token stop);

  // Asks the schema if it is enforced, then the processor, then the table if one is configured: about its first
  // kMostRowsAsked rows. nullopt: the message would become rows. NotChecked: there is no schema, or the server gives no
  // verdict, also when it is asked again. Errors: the server gave none about so many messages in a row; a schema is not
  // usable; `stop` was requested.
  Result<std::optional<dead_letters::LeftOut>> check(const dead_letters::StoredDeadLetter& letter);

 private:
  ReplayCheck(const settings::Pipeline& pipeline, Clock& clock, secrets::SecretStore* secrets, std::stop_token stop);
  Status open_parts();
  Status open_schema(const std::string& topic);
  Result<std::optional<dead_letters::LeftOut>> ask_schema(const std::string& topic, const std::string& payload);
  Result<std::optional<dead_letters::LeftOut>> ask_table(const std::string& rows);
  Result<std::optional<dead_letters::LeftOut>> unanswered(const std::string& why);

  const settings::Pipeline& pipeline_;
  Clock& clock_;
  const std::stop_token stop_;
  Metrics metrics_;
  std::map<std::string, std::unique_ptr<SchemaValidator>> schemas_;  // by topic
  std::unique_ptr<Processor> processor_;
  clickhouse::ClickHouseClient client_;
  std::optional<clickhouse::TableInfo> table_;  // none is configured
  size_t unanswered_ = 0;                       // messages in a row
};

}  // namespace freshet::app
