#include "clickhouse/server_identities.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "clickhouse/clickhouse_client.h"
#include "clickhouse/insert_url.h"
#include "http/url.h"

namespace freshet::clickhouse {
namespace {

constexpr int kConnections = 3;  // to each URL

std::string origin_of(const std::string& url) {
  const auto parsed = http::parse_url(url);
  return parsed ? http::origin(*parsed) : url;
}

}  // namespace

struct ServerIdentities::Identity {
  std::string server;  // for people
  std::string table;   // equal for all inserts into the same table
};

Result<ServerIdentities::Identity> ServerIdentities::identity(const std::string& url, const TableName& table,
                                                              bool replicated, Duration timeout) const {
  ClickHouseSettings one = settings_;
  one.urls = {url};
  ClickHouseClient client(one, clock_, secrets_);  // a connection of its own
  const std::string where =
      " WHERE database = " + quote_literal(table.database) + " AND name = " + quote_literal(table.table);
  // UUIDs are zero in some installations; copied data has the same UUIDs.
  auto found = client.rows(
      "SELECT hostName(), concat(toString(serverUUID()), ' ', toString(uuid), ' ', hostName(), ' ', "
      "arrayStringConcat(data_paths, ' ')) FROM system.tables" +
          where + " FORMAT JSONCompact",
      2, timeout, stop_);
  if (!found) return tl::make_unexpected(found.error());
  Identity identity{origin_of(url) + " (no table)", "none"};
  if (found->empty()) return identity;
  identity = {fmt::format("{} ({})", origin_of(url), (*found)[0][0]), (*found)[0][1]};
  if (!replicated) return identity;
  const auto path =
      client.rows("SELECT zookeeper_path FROM system.replicas WHERE database = " + quote_literal(table.database) +
                      " AND table = " + quote_literal(table.table) + " FORMAT JSONCompact",
                  1, timeout, stop_);
  if (!path) return tl::make_unexpected(path.error());
  if (!path->empty() && !(*path)[0][0].empty()) identity.table = "replica of " + (*path)[0][0];
  return identity;
}

Result<ServerIdentities::Compared> ServerIdentities::query(const TableName& table, bool replicated,
                                                           Duration timeout) const {
  const SteadyTime deadline = clock_.steady_now() + timeout;
  Compared out;
  std::vector<Identity> seen;
  for (const std::string& url : settings_.urls) {
    for (int i = 0; i < kConnections; ++i) {
      const Duration left = std::max<Duration>(deadline - clock_.steady_now(), std::chrono::milliseconds(1));
      const auto next = identity(url, table, replicated, left);
      if (!next && (next.error().kind == ErrorKind::Stopping || !replicated || settings_.urls.size() == 1)) {
        return tl::make_unexpected(next.error());
      }
      if (!next) {
        out.silent.push_back(origin_of(url));
        break;
      }
      const bool known =
          std::any_of(seen.begin(), seen.end(), [&](const Identity& one) { return one.table == next->table; });
      if (!known) seen.push_back(*next);
    }
  }
  if (seen.size() < 2) return out;
  for (const Identity& one : seen) out.different.push_back(one.server);
  return out;
}

}  // namespace freshet::clickhouse
