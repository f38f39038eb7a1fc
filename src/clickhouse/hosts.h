// State of the hosts that all writers share: which one works, and which settings each refuses.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "clickhouse/insert_url.h"

namespace freshet::clickhouse {

// Threads: any. The first working host in the configured order is used. After `kAvoidFor`, the next write tries a
// failed host again.
class Hosts {
 public:
  static constexpr std::chrono::seconds kAvoidFor{10};

  explicit Hosts(std::vector<std::string> urls);

  size_t size() const { return urls_.size(); }
  const std::string& url(size_t host) const { return urls_[host]; }
  const std::string& name(size_t host) const { return names_[host]; }  // scheme://host:port, for logs

  // The host to use now. If all failed recently, the one that may be retried first.
  size_t pick(SteadyTime now) const;
  // Both return true if the state of the host changed, which is worth a log line.
  bool failed(size_t host, SteadyTime now);
  bool worked(size_t host);

  // Returns true if the setting was not dropped before.
  bool drop_setting(size_t host, std::string_view name);
  SettingNames dropped(size_t host) const;

 private:
  struct State {
    bool bad = false;
    SteadyTime avoid_until{};
    SettingNames dropped;
  };
  const std::vector<std::string> urls_;
  std::vector<std::string> names_;  // constant after construction
  mutable Mutex mutex_;
  std::vector<State> states_ GUARDED_BY(mutex_);
};

}  // namespace freshet::clickhouse
