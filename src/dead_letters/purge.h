// Deletes dead letters that are no longer needed. Kafka deletes only from the beginning of a partition.
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "dead_letters/dead_letters_settings.h"
#include "kafka/kafka_settings.h"

namespace freshet::dead_letters {

struct PurgePlan {
  std::map<Partition, Offset> before;  // of the dead-letter topic: what to delete
  uint64_t letters = 0;                // so many dead letters are deleted
  uint64_t kept = 0;                   // so many selected ones stay, because one that is not selected is before them
};

// In each partition, up to the first record that is not selected, or that is the mark of a dead letter that stays:
// without it the next replay would produce the message again. Reads the topic several times.
Result<PurgePlan> plan_purge(const kafka::ConnectionSettings& connection, const std::string& dead_letter_topic,
                             const Selection& selection, std::stop_token stop, Clock& clock, Log& log);

}  // namespace freshet::dead_letters
