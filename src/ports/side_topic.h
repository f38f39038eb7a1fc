// The door to a topic that is written beside the rows: commit log, replacements, accounts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

namespace freshet {

struct SideRecord {
  std::optional<std::string> key;  // decides the partition; none = any
  std::string value;
};

// One ordered producer: of records with the same key, those that were taken earlier stand earlier in the topic.
// Threads: produce() and purge() by the loop; results come from the producer's own thread.
class SideTopic {
 public:
  // Called once per accepted record, any thread, noexcept: all in-sync replicas have it, or it was not taken (kind
  // Retry: produce it again; Invalid: the topic does not take it as it is).
  using OnResult = std::function<void(uint64_t ticket, Status result)>;

  virtual ~SideTopic() = default;
  // `failures_seen`: how many failed results the caller has handled. Kind Retry: nothing was taken, since the queue is
  // full, or since a failed result is still on its way and what it gave back has to go first.
  virtual Status produce(const SideRecord& record, uint64_t ticket, uint64_t failures_seen) = 0;
  // What was not sent yet is given back with kind Retry: its partition belongs to somebody else now.
  virtual void purge() = 0;
};

}  // namespace freshet
