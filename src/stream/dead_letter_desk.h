// Letters on their way to the dead-letter topic: which may be sent, which wait, which hold their partition.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/dead_letter.h"
#include "model/options.h"
#include "stream/partition_stream.h"
#include "stream/stream_settings.h"

namespace freshet::stream {

struct OutgoingLetter {
  uint64_t ticket = 0;
  std::shared_ptr<const DeadLetter> letter;  // its partition may be revoked in the same step
};

// Threads: the loop only. Bounded by the byte budget: a letter's chunk stays charged until the letter is finished.
class DeadLetterDesk {
 public:
  // What a letter's fate means for its partition.
  struct Finished {
    Partition partition;
    Epoch epoch;
    Offset offset;
  };
  struct Held {
    Partition partition;
    Epoch epoch;
    Hold hold;
    std::string reason;
  };

  explicit DeadLetterDesk(const LiveOptions& options, SteadyTime now);

  void add(DeadLetter letter, Epoch epoch);
  // Letters that may go now. When the limit is reached nothing more goes until release() or another limit, and the
  // partitions of the waiting letters are held.
  void take_sendable(SteadyTime now, std::vector<OutgoingLetter>& out, std::vector<Held>& held);
  // Retry: it waits a second. Invalid: it holds its partition until drop_before().
  void result(uint64_t ticket, const Status& status, SteadyTime now, std::vector<Finished>& finished,
              std::vector<Held>& held);
  // The operator goes on from `next`: what is open below it is given up.
  void drop_before(Partition partition, Offset next, std::vector<Finished>& finished);
  // The partition's epoch is over: its letters will be made anew when the messages are read again.
  void forget(Partition partition, Epoch epoch);
  // The partition is not owned now: its letters that are not on their way stay until go_on() or forget().
  void suspend(Partition partition) { suspended_.insert(partition); }
  void go_on(Partition partition);
  void release_flood(SteadyTime now);
  void set_limit(const LiveOptions& options, SteadyTime now);

  std::optional<SteadyTime> next_deadline() const;
  // A letter of the partition is with the producer.
  bool in_flight(Partition partition) const;
  // Why the topic does not take a letter of the partition, the one of the lowest offset; empty = it takes them all.
  std::optional<std::string> first_refused(Partition partition) const;
  std::string reason_code(uint64_t ticket) const;
  bool flooded() const { return flooded_; }

 private:
  bool asleep(uint64_t ticket, const DeadLetter& letter);
  struct Open {
    std::shared_ptr<const DeadLetter> letter;
    Epoch epoch;
    bool in_flight = false;
    std::string refused{};  // why its topic does not take it
  };
  void hold_flooded(std::vector<Held>& held);
  bool take_token(SteadyTime now);

  std::map<uint64_t, Open> letters_;
  std::deque<uint64_t> waiting_;  // tickets, oldest first
  std::set<Partition> suspended_;
  std::vector<uint64_t> asleep_;               // tickets of suspended partitions, oldest first
  std::multimap<SteadyTime, uint64_t> retry_;  // tickets by the time they may be tried again
  uint64_t next_ticket_ = 1;
  double per_second_;
  double burst_;
  double tokens_;
  SteadyTime refilled_at_;
  bool flooded_ = false;
  bool flood_grew_ = false;  // letters wait whose partitions may not be held yet
};

}  // namespace freshet::stream
