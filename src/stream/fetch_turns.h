// Makes sure that every partition is read while most messages are left in the source. librdkafka fetches from the
// partitions of a broker in a fixed order, and begins again with the first one whenever its queue was full. So those at
// the end of the order may get nothing for as long as those before them have a backlog (docs/adr/0009).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"

namespace freshet::stream {

// A partition of which nothing was heard for kOverdue, or in kBursts that should have brought something of it, gets a
// turn: all others are paused until it has delivered, or its end is known, or nothing came for kAnswers. What
// librdkafka had fetched of the others is fetched again, so turns are rare: partitions whose time is near share a turn,
// and the time of one that had nothing in its turn doubles, up to kLongestOverdue. While the loop takes messages
// without a break, every partition is read and none needs a turn. Threads: the loop only.
class FetchTurns {
 public:
  static constexpr Duration kOverdue = std::chrono::seconds(10);
  static constexpr Duration kLongestOverdue = std::chrono::seconds(30);  // half of --progress-timeout's default
  static constexpr uint32_t kBursts = 4;
  static constexpr Duration kAnswers = std::chrono::seconds(1);

  // What the loop does with messages since the last call.
  enum class Intake {
    Open,     // takes what comes, and the source had no more
    Behind,   // takes what comes, and there may be more
    Closed,   // leaves them in the source, except for a few
    Stopped,  // all partitions are paused, or about to be lost
  };

  // The partitions that deliver unless they wait for a turn. New ones begin as if they had been heard of now.
  void set_partitions(const std::vector<Partition>& partitions, SteadyTime now);
  // Messages came, or the end was reached.
  void delivered(Partition partition, SteadyTime now) { heard(partition, false, now); }
  void reached_end(Partition partition, SteadyTime now) { heard(partition, true, now); }
  // Begins and ends turns. Call once a turn of the loop.
  void advance(Intake intake, SteadyTime now);

  // To be paused, because others have a turn.
  bool held_back(Partition partition) const;
  // When advance() has something to do.
  std::optional<SteadyTime> next_deadline() const;

  // A burst begins: missing() counts the partitions from which more is expected and nothing was heard since.
  void begin_burst();
  size_t missing() const { return missing_; }

  // If the partition had messages at that time, they were delivered since, or the source has a fault. The largest time
  // for partitions that are not among those of set_partitions().
  SteadyTime offered_at(Partition partition) const;

 private:
  struct Heard {
    SteadyTime offered_at;
    bool silent = false;  // it is at its end, or nothing came in its turn
    bool missing = false;
    uint32_t missed = 0;  // bursts that ended without it
    Duration overdue_after = kOverdue;
  };
  void heard(Partition partition, bool at_end, SteadyTime now);
  void found(Heard& heard);
  static void had_nothing(Heard& heard);
  SteadyTime offered(const Heard& heard) const;
  Duration silence(const Heard& heard, SteadyTime now) const { return now - offered(heard); }
  bool overdue(const Heard& heard, SteadyTime now) const;
  void begin_turn(SteadyTime now);
  void end_fruitless_turn();

  std::map<Partition, Heard> partitions_;
  size_t missing_ = 0;
  std::optional<SteadyTime> open_since_;
  SteadyTime all_offered_at_{};
  SteadyTime looked_at_{};
  std::set<Partition> turn_;  // not heard of in the current turn
  bool turn_begins_ = false;  // its partitions are paused, too, for a moment: the source then tells their ends again
  SteadyTime waits_since_{};  // for something from one of them
};

}  // namespace freshet::stream
