// The library's assignment: answers to its rebalances, and moves of a partition's position. To the library both are
// assignments, and it refuses one that does not match its state.
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

// Threads: the loop only. The client must outlive it. After an error of any call the library waits forever for the
// answer that it refused: the consumer cannot recover.
class Assignment {
 public:
  Assignment(rd_kafka_t* client, std::string topic) : client_(client), topic_(std::move(topic)) {}

  // True if the group's protocol is cooperative: assignments are then differences.
  bool cooperative() const;

  // Answers an assignment: the new partitions (cooperative) or all of them (eager). `starts` may be empty.
  Status assign(const Positions& starts);
  // Answers a revoke of these partitions (cooperative) or of everything (eager). After a lost assignment, or after an
  // answer with fewer partitions than the group assigned, the library revokes partitions that it does not have; those
  // are left out.
  Status unassign(const std::set<Partition>& partitions);
  // `all`: every owned partition with its position; the eager protocol reassigns all of them.
  Status move(Partition partition, Offset next, const Positions& all);

 private:
  Partitions list_of(const Positions& positions) const;
  Partitions assigned_of(const Positions& positions) const;
  Status unassign_what_is_there(const Positions& positions);

  rd_kafka_t* const client_;
  const std::string topic_;
};

}  // namespace freshet::kafka
