// Produces the messages of dead letters again, each once: a message and the mark of its dead letter become visible in
// one transaction, and marked dead letters are left out. An interrupted replay can be repeated.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "dead_letters/dead_letters_settings.h"
#include "dead_letters/stored_dead_letter.h"
#include "kafka/kafka_settings.h"

namespace freshet::dead_letters {

enum class ReplayOutcome {
  Replayed,
  WouldBeReplayed,  // a dry run
  StillInvalid,     // it would become a dead letter again
  NotChecked,       // whether it would is not known; it was left out
  Rejected,         // its topic does not take it
};

// A message that a check leaves out.
struct LeftOut {
  ReplayOutcome outcome;  // StillInvalid or NotChecked
  std::string why;
};

// What the command knows of the messages and of who watches. Threads: that of replay().
struct ReplayHooks {
  // nullopt: the message is replayed. An error ends the replay, and what waits for its transaction is not produced.
  // Null: messages are not checked.
  std::function<Result<std::optional<LeftOut>>(const StoredDeadLetter&)> check;
  // Called once for each selected dead letter. `why`: of those that were left out or Rejected.
  std::function<void(const StoredDeadLetter&, ReplayOutcome, const std::string& why)> tell;
};

// The message goes to Selection::topic, or to the topic that the record names, into the partition that it came from if
// that exists. Key, value and headers are the original ones; a header `freshet_replayed_from` is added. The broker's
// time is that of the replay. Of several dead letters of one message only the first is replayed. At most one replay of
// a topic runs: a second one ends the first. Fatal: a record names no topic and none is selected, or another replay
// took over.
Status replay(const kafka::ConnectionSettings& connection, const std::string& dead_letter_topic,
              const DeadLettersSettings& settings, const ReplayHooks& hooks, std::stop_token stop, Clock& clock,
              Log& log);

}  // namespace freshet::dead_letters
