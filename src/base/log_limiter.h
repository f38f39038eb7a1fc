// Limits how often repeated events are logged: the first at once, then one per minute.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <variant>

#include "base/clock.h"

namespace freshet {

inline constexpr Duration kLogInterval = std::chrono::minutes(1);

// Threads: one at a time. Remembers each subject until it is resolved. LogLimiter<> has a single subject.
template <typename Subject = std::monostate>
class LogLimiter {
 public:
  // If an event about `subject` is to be logged now, returns how many were suppressed since the last one; otherwise
  // nullopt.
  std::optional<uint64_t> admit(const Subject& subject, SteadyTime now) {
    const auto [entry, is_new] = logged_.try_emplace(subject, Logged{now, 0});
    if (is_new) return 0;
    if (now - entry->second.at < kLogInterval) {
      ++entry->second.suppressed;
      return std::nullopt;
    }
    entry->second.at = now;
    return std::exchange(entry->second.suppressed, 0);
  }

  // The condition is over, so the next event about it is logged at once. False if none was logged.
  bool resolve(const Subject& subject = {}) { return logged_.erase(subject) > 0; }
  template <typename Predicate>
  bool resolve_if(const Predicate& over) {
    return std::erase_if(logged_, [&](const auto& entry) { return over(entry.first); }) > 0;
  }
  void resolve_all() { logged_.clear(); }
  size_t size() const { return logged_.size(); }

 private:
  struct Logged {
    SteadyTime at;
    uint64_t suppressed = 0;
  };
  std::map<Subject, Logged> logged_;
};

}  // namespace freshet
