// What the library has assigned: answers to its rebalances, and moves of a partition's position. Both are assignments
// for the library, which refuses one that does not match its state.
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

// Threads: the loop only. The client must outlive it. An error of any call: the library did not get the answer and
// waits for it forever; the consumer cannot recover.
class Assignment {
 public:
  Assignment(rd_kafka_t* client, std::string topic) : client_(client), topic_(std::move(topic)) {}

  // The group's protocol is cooperative: assignments are differences.
  bool cooperative() const;

  // The answer to new partitions (cooperative) or to all of them (eager); may be empty.
  Status assign(const Positions& starts);
  // Answers a revoke of these, or of everything (eager). After a lost assignment, or an answer with less than the group
  // gave, the library revokes partitions that it does not have; those are left out.
  Status unassign(const std::set<Partition>& partitions);
  // `all`: everything that is owned; the eager protocol needs all of it.
  Status move(Partition partition, Offset next, const Positions& all);

 private:
  Partitions list_of(const Positions& positions) const;
  Partitions assigned_of(const Positions& positions) const;
  Status unassign_what_is_there(const Positions& positions);

  rd_kafka_t* const client_;
  const std::string topic_;
};

}  // namespace freshet::kafka
