// The log events of this module.
#pragma once

#include "base/log.h"

namespace freshet::supervisor {

struct CredentialsChanged {
  static constexpr LogEvent kEvent{LogLevel::Info, "credentials_changed",
                                   "Credential files changed; freshet renews its Kafka consumer with them."};
  std::string_view files;
  auto fields() const { return log_fields(LogField("files", files)); }
};

struct RenewalStarted {
  static constexpr LogEvent kEvent{LogLevel::Info, "renewal_started", "The Kafka consumer is being renewed."};
  std::string_view reason;
  std::string_view trigger;
  std::string_view mode;
  auto fields() const {
    return log_fields(LogField("reason", reason), LogField("trigger", trigger), subject("mode", mode));
  }
};

struct RenewalFailed {
  static constexpr LogEvent kEvent{LogLevel::Warn, "renewal_failed",
                                   "A renewal failed; the running consumer continues, and the renewal is retried.",
                                   true};
  std::string_view reason;
  std::string_view mode;
  std::string_view error;
  double seconds;
  auto fields() const {
    return log_fields(subject("reason", reason), subject("mode", mode), log_error(error), LogField("seconds", seconds));
  }
};

struct RenewalPostponed {
  static constexpr LogEvent kEvent{LogLevel::Info, "renewal_postponed", "A renewal is postponed."};
  std::string_view reason;
  std::string_view error;
  auto fields() const { return log_fields(LogField("reason", reason), log_error(error)); }
};

struct RenewalEnded {
  static constexpr LogEvent kEvent{LogLevel::Info, "renewal_ended", "A renewal ended."};
  std::string_view reason;
  std::string_view mode;
  std::string_view result;
  double seconds;
  double pause_ms;
  bool generation_kept;
  bool assignment_kept;
  auto fields() const {
    return log_fields(LogField("reason", reason), subject("mode", mode), LogField("result", result),
                      LogField("seconds", seconds), LogField("pause_ms", pause_ms),
                      LogField("generation_kept", generation_kept), LogField("assignment_kept", assignment_kept));
  }
};

struct RenewalWaits {
  static constexpr LogEvent kEvent{LogLevel::Warn, "renewal_waits", "A renewal cannot start yet; freshet retries."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct RenewalTimerChanged {
  static constexpr LogEvent kEvent{LogLevel::Info, "renewal_timer_changed",
                                   "The options of the renewal timer changed."};
  bool enabled_old;
  bool enabled;
  int64_t interval_old;
  int64_t interval;
  double due_in_seconds;
  auto fields() const {
    return log_fields(LogField("enabled_old", enabled_old), LogField("enabled", enabled),
                      LogField("interval_old", interval_old), LogField("interval", interval),
                      LogField("due_in_seconds", due_in_seconds));
  }
};

struct WaitingForTick {
  static constexpr LogEvent kEvent{LogLevel::Info, "waiting_for_tick",
                                   "freshet waits for the next tick before it joins or leaves the group."};
  std::string_view before;
  int64_t delay;
  double seconds;
  auto fields() const {
    return log_fields(LogField("before", before), LogField("delay", delay), LogField("seconds", seconds));
  }
};

struct ConsumerEnded {
  static constexpr LogEvent kEvent{LogLevel::Info, "consumer_ended", "A Kafka consumer ended."};
  uint64_t consumer;
  std::string_view outcome;
  std::string_view error;
  double seconds;
  auto fields() const {
    return log_fields(subject("consumer", consumer), LogField("outcome", outcome), log_error(error),
                      LogField("seconds", seconds));
  }
};

struct ConsumerBackoff {
  static constexpr LogEvent kEvent{LogLevel::Warn, "consumer_backoff",
                                   "A Kafka consumer failed; the next one starts after a delay."};
  std::string_view error;
  double seconds;
  auto fields() const { return log_fields(log_error(error), LogField("seconds", seconds)); }
};

struct PartitionStuck {
  static constexpr LogEvent kEvent{LogLevel::Warn, "partition_stuck",
                                   "A partition with lag delivers nothing; freshet seeks to its position again."};
  int32_t partition;
  auto fields() const { return log_fields(subject(log_key::kPartition, partition)); }
};

struct ConsumerStuck {
  static constexpr LogEvent kEvent{LogLevel::Warn, "consumer_stuck",
                                   "Partitions with lag still deliver nothing; freshet renews its Kafka consumer."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct NoProgress {
  static constexpr LogEvent kEvent{
      LogLevel::Error, "no_progress",
      "Partitions with lag deliver nothing, and a renewal of the Kafka consumer did not help."};
  std::string_view error;
  auto fields() const { return log_fields(log_error(error)); }
};

struct ProgressResumed {
  static constexpr LogEvent kEvent{LogLevel::Info, "progress_resumed", "All partitions make progress again."};
  auto fields() const { return log_fields(); }
};

}  // namespace freshet::supervisor
