// State of the ClickHouse hosts, shared by all writers: which of them work, and which settings each rejects.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "clickhouse/insert_url.h"

namespace freshet::clickhouse {

// As OpenTelemetry describes a server; for logs.
struct ServerAddress {
  std::string address;  // host name or IP address
  uint16_t port = 0;
};

// Threads: any. Writers use the first working host in the configured order. `kAvoidFor` after a failure, the next write
// tries the failed host again.
class Hosts {
 public:
  static constexpr std::chrono::seconds kAvoidFor{10};
  static constexpr std::chrono::minutes kNativeAgainAfter{10};

  explicit Hosts(std::vector<std::string> urls);

  size_t size() const { return urls_.size(); }
  const std::string& url(size_t host) const { return urls_[host]; }
  const std::string& name(size_t host) const { return names_[host]; }  // scheme://host:port, for error texts
  const ServerAddress& server(size_t host) const { return servers_[host]; }

  // The host to use now. If all have failed recently, the one whose avoidance ends first.
  size_t pick(SteadyTime now) const;
  // Both return true if the host's state changed, so that the caller logs the change.
  bool failed(size_t host, SteadyTime now);
  bool worked(size_t host);

  // Omits the setting from requests to the host from now on. False if it was omitted already.
  bool drop_setting(size_t host, std::string_view name);
  SettingNames dropped(size_t host) const;

  // A proxy before the host does not let Native inserts pass, whose URL names the columns. They are sent as JSONEachRow
  // for `kNativeAgainAfter`, then tried again. `why`: for people. True if Native inserts passed before.
  bool refuse_native(size_t host, std::string why, int status, SteadyTime now);
  // The HTTP status with which it refused them; 0: they may be sent.
  int native_refused(size_t host, SteadyTime now) const;
  // A Native insert passed. True if they were refused before.
  bool native_worked(size_t host);
  // Why inserts of a host are JSONEachRow; empty: of none.
  std::string why_json() const;

 private:
  struct State {
    bool bad = false;
    SteadyTime avoid_until{};
    SettingNames dropped;
    std::string why_json;  // not empty: Native inserts do not pass
    int native_status = 0;
    SteadyTime native_again{};
  };
  const std::vector<std::string> urls_;
  std::vector<std::string> names_;      // constant after construction
  std::vector<ServerAddress> servers_;  // constant after construction
  mutable Mutex mutex_;
  std::vector<State> states_ GUARDED_BY(mutex_);
};

}  // namespace freshet::clickhouse
