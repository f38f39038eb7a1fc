#include "clickhouse/hosts.h"

#include <stdexcept>
#include <utility>

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

bool Hosts::refuse_native(size_t host, std::string why, int status, SteadyTime now) {
  MutexLock lock(mutex_);
  State& state = states_[host];
  const bool change = state.why_json.empty();
  state.why_json = std::move(why);
  state.native_status = status;
  state.native_again = now + kNativeAgainAfter;
  return change;
}

int Hosts::native_refused(size_t host, SteadyTime now) const {
  MutexLock lock(mutex_);
  const State& state = states_[host];
  return !state.why_json.empty() && now < state.native_again ? state.native_status : 0;
}

bool Hosts::native_worked(size_t host) {
  MutexLock lock(mutex_);
  return !std::exchange(states_[host].why_json, {}).empty();
}

std::string Hosts::why_json() const {
  MutexLock lock(mutex_);
  for (const State& state : states_) {
    if (!state.why_json.empty()) return state.why_json;
  }
  return {};
}

}  // namespace freshet::clickhouse
