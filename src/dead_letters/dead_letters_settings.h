// Settings of the commands about dead letters. Plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/ids.h"

namespace freshet::dead_letters {

enum class State {
  Any,
  Open,      // was not replayed
  Replayed,  // by `freshet dlq replay`
};

// A record of the dead-letter topic.
struct Position {
  Partition partition;
  Offset offset;
  auto operator<=>(const Position&) const = default;
};

// The dead letters for which everything that is set holds.
struct Selection {
  std::string topic;                   // of the message; records that do not name it match every topic
  std::optional<Partition> partition;  // of the message
  std::string reason;                  // a part of the reason
  std::optional<std::string> key;
  std::optional<int64_t> since_ms;  // when it became a dead letter
  std::optional<int64_t> until_ms;  // exclusive
  std::optional<Position> at;
  State state = State::Any;
};

struct DeadLettersSettings {
  Selection selection;
  std::optional<State> state;  // as the operator asks for; nullopt = the command's own
  uint64_t limit = 0;          // dead letters to print; 0 = all
  bool dry_run = false;
  bool check = true;       // `replay`: process each message first
  uint32_t rate = 0;       // `replay`: messages per second; 0 = no limit
  bool confirmed = false;  // `purge`: delete
};

}  // namespace freshet::dead_letters
