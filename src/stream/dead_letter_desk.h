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
#include "stream/blocks.h"
#include "stream/stream_settings.h"

namespace freshet::stream {

struct OutgoingLetter {
  uint64_t ticket = 0;
  std::shared_ptr<const DeadLetter> letter;  // its partition may be revoked in the same step
};

// Threads: the loop only. Bounded by the byte budget: each letter is charged as long as anybody has it.
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
    BlockReason reason;
    std::string text;
  };

  // So that a topic that takes nothing for long costs no more than this many attempts.
  static constexpr size_t kMaxInFlight = 10'000;

  explicit DeadLetterDesk(const LiveOptions& options, SteadyTime now);

  void add(std::shared_ptr<const DeadLetter> letter, Epoch epoch);
  // Letters that may go now, kMaxInFlight with the producer at most. When the limit is reached nothing more goes until
  // release() or another limit, and the partitions of the waiting letters are held.
  void take_sendable(SteadyTime now, std::vector<OutgoingLetter>& out, std::vector<Held>& held);
  // Retry: it waits a second. Invalid: it holds its partition until drop_refused().
  void result(uint64_t ticket, const Status& status, SteadyTime now, std::vector<Finished>& finished,
              std::vector<Held>& held);
  // The operator goes on from `next`: what the topic does not take below it is given up.
  void drop_refused(Partition partition, Offset next, std::vector<Finished>& finished);
  // The partition's epoch is over: its letters will be made anew when the messages are read again.
  void forget(Partition partition, Epoch epoch);
  // The partition is not owned now: its letters that are not on their way stay until go_on() or forget().
  void suspend(Partition partition) { suspended_.insert(partition); }
  void go_on(Partition partition);
  void release_flood(SteadyTime now);
  void set_limit(const LiveOptions& options, SteadyTime now);

  std::optional<SteadyTime> next_deadline() const;
  // Why letters do not get through and offsets wait for them; "" = they do, or their partitions are held.
  std::string trouble(SteadyTime now) const;
  // A letter of the partition is with the producer.
  bool in_flight(Partition partition) const { return in_flight_of_.contains(partition); }
  // Why the topic does not take a letter of the partition, the one of the lowest offset; empty = it takes them all.
  std::optional<std::string> first_refused(Partition partition) const;
  std::optional<Offset> first_refused_at(Partition partition) const;
  std::string reason_code(uint64_t ticket) const;
  bool empty() const { return letters_.empty(); }
  bool flooded() const { return flooded_; }

 private:
  struct Open {
    std::shared_ptr<const DeadLetter> letter;
    Epoch epoch;
    bool in_flight = false;
    std::string refused{};  // why its topic does not take it
  };
  struct Waiting {
    Epoch epoch;
    size_t letters = 0;
  };
  bool asleep(uint64_t ticket, const DeadLetter& letter);
  void await_turn(uint64_t ticket, const Open& open);
  void leave_queue(Partition partition);
  void send(uint64_t ticket, Open& open, SteadyTime now, std::vector<OutgoingLetter>& out);
  bool any_on_its_way() const { return in_flight_ > 0 || !retry_.empty(); }
  void came_back(Open& open);
  const Open* lowest_refused(Partition partition) const;
  void hold_flooded(std::vector<Held>& held);
  bool take_token(SteadyTime now);

  std::map<uint64_t, Open> letters_;
  std::deque<uint64_t> waiting_;              // tickets, oldest first
  std::map<Partition, Waiting> waiting_of_;   // those of waiting_ whose epoch lives, by partition
  std::set<Partition> may_flood_;             // of waiting_of_: not held for a flood yet
  std::map<Partition, size_t> in_flight_of_;  // above 0 only
  size_t in_flight_ = 0;
  std::set<Partition> suspended_;
  std::map<Partition, std::vector<uint64_t>> asleep_;  // tickets of suspended partitions, oldest first
  std::multimap<SteadyTime, uint64_t> retry_;          // tickets by the time they may be tried again
  std::optional<SteadyTime> unanswered_since_;         // the topic has taken or refused none since; while any is sent
  std::string last_error_;                             // why the last one came back
  uint64_t next_ticket_ = 1;
  double per_second_;
  double burst_;
  double tokens_;
  SteadyTime refilled_at_;
  bool flooded_ = false;
};

}  // namespace freshet::stream
