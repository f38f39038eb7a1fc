// What to do about a partition that has messages and brings none: decisions only, over what was seen of the stream and
// of the broker. A quiet topic is no fault.
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

// Threads: one. Call observe(), then, when still() names partitions, looked_up(), then advise().
class ProgressPolicy {
 public:
  struct Advice {
    std::vector<Partition> refetch;    // first remedy: from their position on
    std::optional<std::string> renew;  // second remedy; why
    std::string not_ready_reason;      // three renewals did not help: not ready because of this; empty = fine
  };

  // Positions as they are now. A partition that is paused or blocked, or of a stream that drains, has nothing to bring.
  void observe(SteadyTime now, const StreamStatus& status);
  // Those that have not moved for a quarter of `timeout`: ask the broker where they end.
  std::vector<Partition> still(SteadyTime now, Duration timeout) const;
  // The broker's answer to a question of `asked_at`: the ends, as the isolation level of the session shows them. Those
  // of `asked` that have none were not answered; `why` is said then.
  void looked_up(SteadyTime asked_at, const std::vector<Partition>& asked, const std::map<Partition, Offset>& ends,
                 const std::string& why);

  // `timeout` 0: off. Each remedy gets as long as `timeout` to work; from the fourth renewal on longer and longer.
  Advice advise(SteadyTime now, Duration timeout);

  size_t stuck() const { return stuck_; }

 private:
  struct Seen {
    Offset position;
    SteadyTime moved_at;
    std::optional<SteadyTime> behind_since;  // the broker has messages for it
    std::optional<SteadyTime> blind_since;   // the broker does not say whether it has
    std::optional<SteadyTime> refetched_at;
  };
  // Why the session is to be renewed; empty = it is not.
  std::string fault(SteadyTime now, Duration timeout, std::vector<Partition>& refetch);
  std::string fault_of(Partition partition, Seen& seen, SteadyTime now, Duration timeout,
                       std::vector<Partition>& refetch);
  void set_next_renewal(SteadyTime now, Duration timeout);

  std::map<Partition, Seen> seen_;
  std::map<Partition, Offset> suspects_;  // where they stood when a renewal was asked for because of them
  std::string blind_why_;
  std::optional<SteadyTime> statistics_at_;
  uint32_t renewals_ = 0;
  SteadyTime next_renewal_{};
  std::string not_ready_reason_;
  size_t stuck_ = 0;
};

}  // namespace freshet::supervisor
