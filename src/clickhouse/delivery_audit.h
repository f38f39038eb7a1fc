// Decides whether a table stores the rows of a repeated insert once, however the repeat comes about: the condition for
// exactly-once delivery. Without it, a repeat after a lost answer or a crash may store rows twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/parts_rate.h"
#include "clickhouse/table_check.h"
#include "secrets/secret_store.h"

namespace freshet::clickhouse {

struct DeliveryNeeds {
  int32_t partitions = 1;  // of the topic: batches of each may be in flight
  // How long after the first attempt of an insert its repeat may come: until another member of the group has noticed
  // that the owner is gone, and has sent it again.
  Duration repeat_after{};
};

struct DeliveryAudit {
  bool suitable = false;          // no finding is an Error
  bool undecided = false;         // not suitable only because one of several hosts does not answer
  std::vector<Finding> findings;  // errors first. Error: a repeated insert may be stored again
  // How long the table and the targets of its views recognise a repeated insert, at the present number of inserts of
  // all writers: half of the window divided by the measured parts per second, or the window in seconds. None: no limit
  // was measured, because nothing was inserted within the last minutes.
  std::optional<std::chrono::duration<double>> horizon;
};

// Audits ClickHouseSettings::table: its engine and deduplication window, those of the targets of all views that depend
// on it, the settings that apply to inserts, the server's version, and whether all hosts, or the servers behind one
// URL, are one server or replicas of one table. The rules are observations on server 26.5. `secrets`: see
// ClickHouseClient. `rates`: of earlier audits of the table, for a better measurement; may be null. Threads: any.
// A server that refuses a query of the audit makes an Error: it would refuse it again.
// Errors, unless what was found so far decides: Retry if no server answers or has the table, or the login is rejected.
// Stopping if `stop` was requested.
Result<DeliveryAudit> audit_delivery(const ClickHouseSettings& settings, const DeliveryNeeds& needs, Clock& clock,
                                     secrets::SecretStore* secrets, Duration timeout, std::stop_token stop,
                                     PartsRate* rates = nullptr);

}  // namespace freshet::clickhouse
