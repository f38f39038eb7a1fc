// Whether the messages of dead letters would become rows now, for `freshet dlq replay`.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/result.h"
#include "clickhouse/clickhouse_client.h"
#include "dead_letters/stored_dead_letter.h"
#include "ports/processor.h"
#include "ports/schema.h"
#include "secrets/secret_store.h"
#include "settings/settings.h"

namespace freshet::app {

// Threads: one.
class ReplayCheck {
 public:
  // The arguments must outlive the check. Errors: a setting is not usable.
  static Result<std::unique_ptr<ReplayCheck>> open(const settings::Pipeline& pipeline, Clock& clock,
                                                   secrets::SecretStore* secrets, std::stop_token stop);

  // Asks the schema if it is enforced, then the processor, then the table if one is configured. Returns why the message
  // would become a dead letter again; nullopt: it would not, or the server does not tell.
  std::optional<std::string> refusal_of(const dead_letters::StoredDeadLetter& letter);
  // Why the server was not asked about all messages; empty: it was, or no table is configured.
  const std::string& why_not_asked() const { return why_not_asked_; }

 private:
  ReplayCheck(const settings::Pipeline& pipeline, Clock& clock, secrets::SecretStore* secrets, std::stop_token stop);
  Status open_parts();
  std::optional<std::string> table_refuses(const std::string& rows);

  const settings::Pipeline& pipeline_;
  Clock& clock_;
  const std::stop_token stop_;
  Metrics metrics_;
  std::unique_ptr<SchemaValidator> schema_;  // null: none is enforced
  std::unique_ptr<Processor> processor_;
  clickhouse::ClickHouseClient client_;
  std::optional<clickhouse::TableInfo> table_;  // none: it is not asked
  std::string why_not_asked_;
};

}  // namespace freshet::app
