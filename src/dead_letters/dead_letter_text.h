// Dead letters and counts of them as text for a terminal, and as JSON.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <tuple>

#include "dead_letters/stored_dead_letter.h"

namespace freshet::dead_letters {

// One line without line feed: position, time, origin, state, reason. No byte of it moves the cursor of a terminal.
std::string line_of(const StoredDeadLetter& letter, bool replayed);
// Several lines, each with a line feed: line_of(), key, headers and value, the latter quoted as in JSON.
std::string details_of(const StoredDeadLetter& letter, bool replayed);
// Without key, headers and value.
nlohmann::json metadata_of(const StoredDeadLetter& letter, bool replayed);

// Counts by reason, topic of the message, and state. In reasons, numbers and what is in quotes are replaced by N and
// "...", so that the same fault of different messages counts as one.
class DeadLetterCounts {
 public:
  void add(const StoredDeadLetter& letter, bool replayed);
  // One line for each, the most frequent first, and a sum.
  std::string text() const;
  std::string json() const;  // one object for each, a line

 private:
  struct Group {
    std::string reason;
    std::string topic;
    bool replayed = false;
    auto operator<=>(const Group&) const = default;
  };
  std::vector<std::pair<Group, uint64_t>> sorted() const;

  std::map<Group, uint64_t> counts_;
};

}  // namespace freshet::dead_letters
