// Data types for the renewal of a Kafka consumer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "base/clock.h"

namespace freshet {

// What requested the renewal.
enum class RenewalReason {
  Timer,        // the interval elapsed
  Operator,     // POST /renew, `freshet renew`
  Signal,       // SIGUSR1
  Credentials,  // a credentials file changed
  Watchdog,     // no progress
  Broken,       // the consumer failed
};

const char* to_string(RenewalReason reason);  // lower case; a metric label

enum class RenewalMode {
  Static,  // the next consumer continues the membership: no rebalance
  Rejoin,  // leave the group and join again
};

const char* to_string(RenewalMode mode);  // lower case; a metric label

enum class RenewalResult {
  Renewed,
  Failed,     // the old consumer continues if it still works; otherwise the next one is tried after a back-off
  Postponed,  // the group was rebalancing: the old consumer continues, and the renewal is retried
  Cancelled,  // by a stop
};

const char* to_string(RenewalResult result);  // lower case; a metric label

struct RenewalReport {
  uint64_t number = 0;  // counts requests from 1
  RenewalReason reason = RenewalReason::Timer;
  std::string trigger;  // who or what requested it
  RenewalMode mode = RenewalMode::Rejoin;
  RenewalResult result = RenewalResult::Renewed;
  std::string error;              // why it failed
  Duration duration{};            // from the request to the end
  std::optional<Duration> pause;  // last message of the old consumer to first of the new one; nullopt = none yet
  bool generation_kept = false;   // of the consumer group
  bool assignment_kept = false;   // of this member
  SystemTime finished_at{};
};

// Calls `visit(name, member)` for each field; names as in /status and GET /renew.
template <typename Report, typename Visit>
requires std::is_same_v<std::remove_const_t<Report>, RenewalReport>
void for_each_field(Report& report, Visit visit) {
  visit("number", report.number);
  visit("reason", report.reason);
  visit("trigger", report.trigger);
  visit("mode", report.mode);
  visit("result", report.result);
  visit("error", report.error);
  visit("duration_ms", report.duration);
  visit("pause_ms", report.pause);
  visit("generation_kept", report.generation_kept);
  visit("assignment_kept", report.assignment_kept);
  visit("finished_at_ms", report.finished_at);
}

}  // namespace freshet
