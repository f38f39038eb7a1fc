// Decides how to react to a partition with lag that delivers nothing. A topic without new messages is healthy.
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

// Threads: one. Call observe(), then looked_up() if still() returns partitions, then advise().
class ProgressPolicy {
 public:
  struct Advice {
    std::vector<Partition> refetch;    // first remedy: re-seek these partitions to their positions
    std::optional<std::string> renew;  // second remedy: renew the consumer, for this reason
    std::string not_ready_reason;  // why freshet is not ready after three renewals without progress; empty = healthy
  };

  // Takes the current positions. Partitions that are paused, blocked or draining are expected to deliver nothing; so
  // are those whose messages freshet leaves in the client library, until they had a chance to be delivered.
  void observe(SteadyTime now, const StreamStatus& status);
  // Partitions that have not moved for a quarter of `timeout`; the caller queries their end offsets.
  std::vector<Partition> still(SteadyTime now, Duration timeout) const;
  // The broker's response to a query sent at `asked_at`: the end offsets at the consumer's isolation level. Partitions
  // of `asked` that are missing in `ends` were not answered, for the reason `why`.
  void looked_up(SteadyTime asked_at, const std::vector<Partition>& asked, const std::map<Partition, Offset>& ends,
                 const std::string& why);

  // `timeout` 0 disables the policy. Each remedy has `timeout` to take effect; after the third renewal the waits
  // double, up to ten minutes or `timeout`, whichever is longer.
  Advice advise(SteadyTime now, Duration timeout);

  size_t stuck() const { return stuck_; }

 private:
  struct Seen {
    Offset position;
    SteadyTime moved_at;
    SteadyTime offered_at;                   // see PartitionStatus
    std::optional<SteadyTime> behind_since;  // since then the broker has had messages beyond the position
    std::optional<SteadyTime> blind_since;   // since then the broker has not answered
    std::optional<SteadyTime> refetched_at;
  };
  // Returns why the consumer must be renewed; empty = no reason. Appends the partitions to re-seek to `refetch`.
  std::string fault(SteadyTime now, Duration timeout, std::vector<Partition>& refetch);
  std::string fault_of(Partition partition, Seen& seen, SteadyTime now, Duration timeout,
                       std::vector<Partition>& refetch);
  void set_next_renewal(SteadyTime now, Duration timeout);

  std::map<Partition, Seen> seen_;
  // positions of the partitions that caused a renewal, at the time of its request
  std::map<Partition, Offset> suspects_;
  std::string blind_why_;
  std::optional<SteadyTime> statistics_at_;
  uint32_t renewals_ = 0;
  SteadyTime next_renewal_{};
  std::string not_ready_reason_;
  size_t stuck_ = 0;
};

}  // namespace freshet::supervisor
