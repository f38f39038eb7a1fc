// How a consumer ends, and how partitions are taken away meanwhile: what is waited for, and until when.
//
//   stop:      sealed batches are written, offsets committed, the group is left; what is not in a batch is dropped
//   leave:     the same for a consumer that another one follows; what is not in a batch is suspended
//   hand-over: the consumer ends at once; everything is suspended, and the next consumer resumes it
//   revoke:    sealed batches of some partitions are finished and committed, then the revoke is answered
//
// Each drain has one deadline, --drain-timeout-ms after it began, and its last quarter is for the last commit and for
// leaving the group.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"

namespace freshet::stream {

// Why a consumer ended, as the pipeline sees it.
enum class End {
  None,
  Stopped,   // request_stop()
  Finished,  // stop_at_timestamp was reached everywhere
  Broken,    // the source is beyond repair
  Renewed,   // hand_over() or leave(): the pipeline goes on in the next consumer
};

struct DrainDeadline {
  SteadyTime begun;
  std::chrono::milliseconds timeout{0};

  SteadyTime writes() const { return begun + timeout * 3 / 4; }  // sealed batches are abandoned then
  SteadyTime last_commit() const { return writes() + timeout / 8; }
  SteadyTime end() const { return begun + timeout; }
};

// What a drain waits for.
struct DrainWaits {
  bool batches = false;  // sealed ones are not finished
  bool rows = false;     // are in no batch yet
  bool records = false;  // dead letters, records of side topics
  bool commit = false;   // is not sent, or not answered
  bool any() const { return batches || rows || records || commit; }
};

// Threads: the loop only. It lives as long as the pipeline, over all consumers.
class Drain {
 public:
  enum class Phase { Running, Draining, Closing, Closed };
  struct Revoke {
    std::vector<Partition> partitions;
    bool lost = false;  // they belong to somebody else already
    SteadyTime deadline;
  };
  enum class RevokeStep { Wait, Answer, AnswerLate };

  explicit Drain(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  // --- the consumer: Closed -> Running -> (Draining ->) Closing -> Closed
  void consumer_started();
  void stop(End end, SteadyTime now);  // Running -> Draining
  void leave(SteadyTime now);          // Running -> Closing
  void close(End end);                 // any -> Closed; an earlier reason stays

  Phase phase() const { return phase_; }
  End end() const { return end_; }
  bool running() const { return phase_ == Phase::Running; }
  bool draining() const { return phase_ == Phase::Draining; }
  bool closing() const { return phase_ == Phase::Closing; }
  bool closed() const { return phase_ == Phase::Closed; }
  // No consumer follows this one: what is not in a batch is dropped, and read again by the next process.
  bool stopping() const { return end_ == End::Stopped || end_ == End::Finished; }
  // The same, and the drain has begun.
  bool dropping() const { return stopping() && !running(); }

  // --- a stop. True once, when sealed batches are waited for no longer.
  bool take_writes_overdue(SteadyTime now);
  bool writes_overdue() const { return writes_overdue_; }
  // True once, when the group is to be left: Draining -> Closing.
  bool take_drained(const DrainWaits& waits, SteadyTime now);
  bool close_overdue(SteadyTime now) const { return closing() && now >= deadline_.end(); }

  // --- a revoke. A second one joins the first: one answer is for both.
  void begin_revoke(std::vector<Partition> partitions, bool lost, SteadyTime now);
  const std::optional<Revoke>& revoke() const { return revoke_; }
  // Partitions that are still ours are drained, and committed, before they go.
  bool drains_revoke() const { return revoke_ && !revoke_->lost; }
  // `waits`: what the revoke waits for of one partition.
  RevokeStep revoke_step(const std::function<DrainWaits(Partition)>& waits, SteadyTime now) const;
  void end_revoke() { revoke_.reset(); }

  // --- suspended partitions. Those with batches or records under way are given up after the timeout: nobody knows
  // whether they come back.
  void await_suspended(SteadyTime now) { suspended_until_ = now + timeout_; }
  bool suspended_overdue(SteadyTime now) const { return suspended_until_ && now >= *suspended_until_; }
  void end_suspended() { suspended_until_.reset(); }

  // Nothing of it changes by itself before.
  std::optional<SteadyTime> next_deadline() const;

 private:
  const std::chrono::milliseconds timeout_;
  Phase phase_ = Phase::Closed;
  End end_ = End::None;
  DrainDeadline deadline_;  // but Running
  bool writes_overdue_ = false;
  std::optional<Revoke> revoke_;
  std::optional<SteadyTime> suspended_until_;
};

}  // namespace freshet::stream
