// What is said about the renewal of a Kafka consumer. Data only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "base/clock.h"

namespace freshet {

// Who wants the next consumer.
enum class RenewalReason {
  Timer,        // the interval is over
  Operator,     // POST /renew, `freshet renew`
  Signal,       // SIGUSR1
  Credentials,  // a file that holds them changed
  Watchdog,     // no progress
  Broken,       // the consumer itself cannot go on
};

const char* to_string(RenewalReason reason);  // lower case; a metric label

enum class RenewalMode {
  Static,  // the next consumer continues the membership of the last: no rebalance
  Rejoin,  // leave and join again
};

const char* to_string(RenewalMode mode);  // lower case; a metric label

enum class RenewalResult {
  Renewed,
  Failed,     // the old consumer goes on where it is still alive, otherwise the next is tried after a back-off
  Postponed,  // the group was rebalancing: the old consumer goes on, and it is tried again
  Cancelled,  // a stop came first
};

const char* to_string(RenewalResult result);  // lower case; a metric label

struct RenewalReport {
  uint64_t number = 0;  // counts requests from 1
  RenewalReason reason = RenewalReason::Timer;
  std::string detail;  // who or what asked, as given
  RenewalMode mode = RenewalMode::Rejoin;
  RenewalResult result = RenewalResult::Renewed;
  std::string error;              // why it failed
  Duration duration{};            // from the request to the end
  std::optional<Duration> pause;  // last message of the old consumer to the first of the new; none: nothing read yet
  bool generation_kept = false;   // of the consumer group
  bool assignment_kept = false;   // of this member
  SystemTime finished_at{};
};

// `visit(name, member)` for each field; the names are those of /status and GET /renew.
template <typename Report, typename Visit>
requires std::is_same_v<std::remove_const_t<Report>, RenewalReport>
void for_each_field(Report& report, Visit visit) {
  visit("number", report.number);
  visit("reason", report.reason);
  visit("detail", report.detail);
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
