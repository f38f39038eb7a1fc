#include "clickhouse/hosts.h"

#include <stdexcept>

#include "http/url.h"

namespace freshet::clickhouse {

Hosts::Hosts(std::vector<std::string> urls) : urls_(std::move(urls)), states_(urls_.size()) {
  if (urls_.empty()) throw std::invalid_argument("no ClickHouse URL");
  for (const std::string& url : urls_) {
    const auto parsed = http::parse_url(url);
    names_.push_back(parsed ? http::origin(*parsed) : std::string("invalid URL"));
    servers_.push_back(parsed ? ServerAddress{parsed->host, parsed->port} : ServerAddress{"invalid URL"});
  }
}

size_t Hosts::pick(SteadyTime now) const {
  MutexLock lock(mutex_);
  size_t best = 0;
  for (size_t host = 0; host < states_.size(); ++host) {
    if (!states_[host].bad || states_[host].avoid_until <= now) return host;
    if (states_[host].avoid_until < states_[best].avoid_until) best = host;
  }
  return best;
}

bool Hosts::failed(size_t host, SteadyTime now) {
  MutexLock lock(mutex_);
  State& state = states_[host];
  const bool change = !state.bad;
  state.bad = true;
  state.avoid_until = now + kAvoidFor;
  return change;
}

bool Hosts::worked(size_t host) {
  MutexLock lock(mutex_);
  const bool change = states_[host].bad;
  states_[host].bad = false;
  return change;
}

bool Hosts::drop_setting(size_t host, std::string_view name) {
  MutexLock lock(mutex_);
  return states_[host].dropped.emplace(name).second;
}

SettingNames Hosts::dropped(size_t host) const {
  MutexLock lock(mutex_);
  return states_[host].dropped;
}

}  // namespace freshet::clickhouse
