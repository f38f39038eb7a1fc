// Decides what to do about a partition with lag that delivers nothing. A topic without new messages is healthy.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/status.h"

namespace freshet::supervisor {

// Threads: one. Call observe(); if still() names partitions, looked_up(); then advise().
class ProgressPolicy {
 public:
  struct Advice {
    std::vector<Partition> refetch;    // first remedy: re-seek these from their position
    std::optional<std::string> renew;  // second remedy: renew the consumer, for this reason
    std::string not_ready_reason;      // three renewals did not help: why freshet is not ready; empty = healthy
  };

  // The current positions. A partition that is paused, blocked or draining has nothing to deliver.
  void observe(SteadyTime now, const StreamStatus& status);
  // Partitions that have not moved for a quarter of `timeout`: query their end offsets.
  std::vector<Partition> still(SteadyTime now, Duration timeout) const;
  // The broker's response to a query of `asked_at`: the end offsets at the consumer's isolation level. Partitions of
  // `asked` without an end offset were not answered; `why` has the reason.
  void looked_up(SteadyTime asked_at, const std::vector<Partition>& asked, const std::map<Partition, Offset>& ends,
                 const std::string& why);

  // `timeout` 0: off. Each remedy has `timeout` to take effect; from the fourth renewal on the waits grow.
  Advice advise(SteadyTime now, Duration timeout);

  size_t stuck() const { return stuck_; }

 private:
  struct Seen {
    Offset position;
    SteadyTime moved_at;
    std::optional<SteadyTime> behind_since;  // the broker has messages for it since then
    std::optional<SteadyTime> blind_since;   // the broker has not answered since then
    std::optional<SteadyTime> refetched_at;
  };
  // Why the consumer must be renewed; empty = it need not be.
  std::string fault(SteadyTime now, Duration timeout, std::vector<Partition>& refetch);
  std::string fault_of(Partition partition, Seen& seen, SteadyTime now, Duration timeout,
                       std::vector<Partition>& refetch);
  void set_next_renewal(SteadyTime now, Duration timeout);

  std::map<Partition, Seen> seen_;
  std::map<Partition, Offset> suspects_;  // their positions when a renewal was requested because of them
  std::string blind_why_;
  std::optional<SteadyTime> statistics_at_;
  uint32_t renewals_ = 0;
  SteadyTime next_renewal_{};
  std::string not_ready_reason_;
  size_t stuck_ = 0;
};

}  // namespace freshet::supervisor
