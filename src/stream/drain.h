// How a consumer ends, and how partitions are revoked from it: what a drain waits for, and for how long.
//
//   stop:      seals the queued rows, writes all batches, commits, leaves the group; drops messages that are not
//              processed yet, and those behind them
//   leave:     finishes and commits the sealed batches, leaves the group; suspends everything else for the successor
//   hand-over: ends the consumer at once; suspends everything, and the next consumer resumes it
//   revoke:    finishes and commits the sealed batches of some partitions, then answers the revoke
//
// A stop, a leave and a revoke each have a deadline, --drain-timeout-ms after they began. A stop divides its time:
// writes until 3/4, the last commit until 7/8, leaving the group until the end. A leave divides it too: its revoke is
// answered by 3/4. Suspended partitions with work in flight have the same timeout.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"

namespace freshet::stream {

// Why a consumer ended.
enum class End {
  None,
  Stopped,   // request_stop()
  Finished,  // every partition reached stop_at_timestamp
  Broken,    // the source is beyond repair
  Renewed,   // hand_over() or leave(): the pipeline continues in the next consumer
};

struct DrainDeadline {
  SteadyTime begun;
  std::chrono::milliseconds timeout{0};

  SteadyTime writes() const { return begun + timeout * 3 / 4; }  // then sealed batches are abandoned
  SteadyTime last_commit() const { return writes() + timeout / 8; }
  SteadyTime end() const { return begun + timeout; }
};

// What a drain still waits for.
struct DrainWaits {
  bool batches = false;  // sealed and not finished
  bool rows = false;     // not in a batch yet
  bool records = false;  // dead letters and records of side topics
  bool commit = false;   // not sent, or not answered
  bool any() const { return batches || rows || records || commit; }
};

// Threads: the loop only. Lives as long as the pipeline, across all consumers.
class Drain {
 public:
  enum class Phase { Running, Draining, Closing, Closed };
  struct Revoke {
    std::vector<Partition> partitions;
    bool lost = false;  // ownership is already gone
    SteadyTime deadline;
  };
  enum class RevokeStep { Wait, Answer, AnswerLate };

  explicit Drain(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  // --- the consumer: Closed -> Running -> (Draining ->) Closing -> Closed
  void consumer_started();
  void stop(End end, SteadyTime now);  // Running -> Draining
  void leave(SteadyTime now);          // Running -> Closing
  void close(End end);                 // any -> Closed; an earlier `end` stays

  Phase phase() const { return phase_; }
  End end() const { return end_; }
  bool running() const { return phase_ == Phase::Running; }
  bool draining() const { return phase_ == Phase::Draining; }
  bool closing() const { return phase_ == Phase::Closing; }
  bool closed() const { return phase_ == Phase::Closed; }
  // No consumer follows in this process.
  bool stopping() const { return end_ == End::Stopped || end_ == End::Finished; }
  // A stop has begun: chunks that are processed from now on are dropped, and the next owner reads them again.
  bool dropping() const { return stopping() && !running(); }

  // --- a stop
  // True once, when the drain stops waiting for sealed batches.
  bool take_writes_overdue(SteadyTime now);
  bool writes_overdue() const { return writes_overdue_; }
  // True once, when it is time to leave the group: Draining -> Closing.
  bool take_drained(const DrainWaits& waits, SteadyTime now);
  bool close_overdue(SteadyTime now) const { return closing() && now >= deadline_.end(); }

  // --- a revoke. A second revoke is merged into the first; one answer serves both.
  void begin_revoke(std::vector<Partition> partitions, bool lost, SteadyTime now);
  const std::optional<Revoke>& revoke() const { return revoke_; }
  // The revoked partitions are still owned: they are drained and committed before the answer.
  bool drains_revoke() const { return revoke_ && !revoke_->lost; }
  // `waits` returns what the revoke waits for in one partition.
  RevokeStep revoke_step(const std::function<DrainWaits(Partition)>& waits, SteadyTime now) const;
  void end_revoke() { revoke_.reset(); }

  // --- suspended partitions. Those with batches or records in flight are dropped after the timeout, because they may
  // never be assigned again.
  void await_suspended(SteadyTime now) { suspended_until_ = now + timeout_; }
  bool suspended_overdue(SteadyTime now) const { return suspended_until_ && now >= *suspended_until_; }
  void end_suspended() { suspended_until_.reset(); }

  // When something here changes with time alone; nullopt = never.
  std::optional<SteadyTime> next_deadline() const;

 private:
  const std::chrono::milliseconds timeout_;
  Phase phase_ = Phase::Closed;
  End end_ = End::None;
  DrainDeadline deadline_;  // not valid while Running
  bool writes_overdue_ = false;
  std::optional<Revoke> revoke_;
  std::optional<SteadyTime> suspended_until_;
};

}  // namespace freshet::stream
