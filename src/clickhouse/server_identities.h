// Whether the configured hosts, and the servers that a balancer hides behind one URL, have the same table.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "clickhouse/clickhouse_settings.h"
#include "model/table_name.h"
#include "secrets/secret_store.h"

namespace freshet::clickhouse {

class ServerIdentities {
 public:
  struct Compared {
    std::vector<std::string> different;  // the names of servers whose tables differ; empty: all have the same table
    std::vector<std::string> silent;     // URLs of hosts that do not answer
  };

  // `secrets`: see ClickHouseClient. `settings` must outlive the object.
  ServerIdentities(const ClickHouseSettings& settings, Clock& clock, secrets::SecretStore* secrets,
                   std::stop_token stop)
      : settings_(settings), clock_(clock), secrets_(secrets), stop_(std::move(stop)) {}

  // Queries each URL over several connections, so that a balancer shows its servers. `table`: with its database.
  // Threads: any. Errors: Retry if a host does not answer and `replicated` is false: whether it is another server
  // decides. Stopping if `stop` was requested.
  Result<Compared> query(const TableName& table, bool replicated, Duration timeout) const;

 private:
  struct Identity;
  Result<Identity> identity(const std::string& url, const TableName& table, bool replicated, Duration timeout) const;

  const ClickHouseSettings& settings_;
  Clock& clock_;
  secrets::SecretStore* const secrets_;
  const std::stop_token stop_;
};

}  // namespace freshet::clickhouse
