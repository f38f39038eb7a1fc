// Where a group starts, before any member of it joins.
#pragma once

#include <stop_token>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kafka/kafka_settings.h"

namespace freshet::kafka {

// For a process that waits before it joins its group: with the reset policy `latest`, the messages that arrive
// meanwhile would be skipped. With that policy, commits the start of each partition of the topic without a committed
// offset. If the group has members, these decide, and nothing is done. One attempt, with a client of its own. Blocks
// for some seconds at most. Threads: any. Errors: Retry; Stopping if `stop` was requested.
Status commit_starts(const KafkaSettings& settings, Clock& clock, const std::stop_token& stop, Log& log);

}  // namespace freshet::kafka
