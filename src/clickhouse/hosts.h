// What all writers know about the hosts: which one is well, and which settings it does not take.
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

// Threads: any. The first host in the configured order that is well is used; one that failed is asked again after
// `kAvoidFor`, by whoever writes next.
class Hosts {
 public:
  static constexpr std::chrono::seconds kAvoidFor{10};

  explicit Hosts(std::vector<std::string> urls);

  size_t size() const { return urls_.size(); }
  const std::string& url(size_t host) const { return urls_[host]; }
  const std::string& name(size_t host) const { return names_[host]; }  // scheme://host:port, for logs

  // The host to use now. When all failed lately, the one that may be asked again first.
  size_t pick(SteadyTime now) const;
  // Both answer whether this changed what is known of the host: such a change is worth a log line.
  bool failed(size_t host, SteadyTime now);
  bool worked(size_t host);

  // Answers whether the setting was not dropped before.
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
