// What the library has assigned: the answers to its rebalances, and moves of a partition's position. Both are
// assignments to the library, and it takes none of them that does not fit what it has.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "kafka/handles.h"
#include "model/ids.h"

namespace freshet::kafka {

using Positions = std::vector<std::pair<Partition, Offset>>;

// Threads: the loop only. The client outlives it. An error of any call: the library was not told, and waits for its
// answer for ever; the session is beyond repair.
class Assignment {
 public:
  Assignment(rd_kafka_t* client, std::string topic) : client_(client), topic_(std::move(topic)) {}

  // The group's protocol is cooperative: assignments are told as differences.
  bool cooperative() const;

  // The answer to new partitions (cooperative) or to all of them (eager); may be empty.
  Status assign(const Positions& starts);
  // The answer to a revoke of these, or of everything (eager). After an assignment that was lost, or answered with less
  // than the group gave, the library asks back for partitions that it does not have: those are left out.
  Status unassign(const std::set<Partition>& partitions);
  // `all`: everything that is owned, which the eager protocol is told anew.
  Status move(Partition partition, Offset next, const Positions& all);

 private:
  Partitions list_of(const Positions& positions) const;
  Partitions assigned_of(const Positions& positions) const;
  Status unassign_what_is_there(const Positions& positions);

  rd_kafka_t* const client_;
  const std::string topic_;
};

}  // namespace freshet::kafka
