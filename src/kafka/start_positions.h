// Decides where the partitions of an assignment start, and commits the decision before anything is delivered. Otherwise
// a group that starts at `latest` and leaves before its first commit would skip everything that arrives until it
// returns.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kafka/handles.h"
#include "kafka/kafka_settings.h"
#include "ports/source.h"

namespace freshet::kafka {

// What is known about a partition when its start is decided.
struct StartInputs {
  std::optional<int64_t> committed;
  int64_t low = 0;  // watermarks; queried only if there is no committed offset or it is out of range
  int64_t high = 0;
  bool out_of_range = false;
  bool is_new = false;  // appeared after the group started
};

struct StartDecision {
  Offset start;
  bool chosen = false;            // by the reset policy: commit it first
  std::string no_valid_offset{};  // why `start` is not valid; empty = it is valid
};

StartDecision decide_start(const KafkaSettings& settings, const StartInputs& inputs);

// Threads: a helper thread. Each request has a timeout, and `stop` is checked between requests.
class StartPositions {
 public:
  struct Resolved {
    std::vector<AssignedPartition> partitions;
    int32_t partition_count = 0;
  };
  using OnFailure = std::function<void(const Error&)>;

  // `requests`: of the client. They and `settings` must outlive it.
  StartPositions(rd_kafka_t* client, GroupRequests& requests, const KafkaSettings& settings, Clock& clock,
                 OnFailure on_failure);

  // Blocks until every partition is decided and the policy's choices are committed; empty if `stop` is requested first.
  // Retries each second, and calls `on_failure` for each failure. Also empty after an ErrorKind::Renew: a commit may
  // reach the broker late and replace a plan.
  std::optional<Resolved> resolve(const std::vector<Partition>& partitions, bool out_of_range, std::stop_token stop);
  // One attempt: all partitions, or an error. `out_of_range`: the broker reported that the partitions' positions do not
  // exist.
  Result<Resolved> try_resolve(const std::vector<Partition>& partitions, bool out_of_range, std::stop_token stop);
  // One attempt: what the group has committed for the partitions. Decides and commits nothing.
  Result<Resolved> committed(const std::vector<Partition>& partitions, std::stop_token stop);
  // The last attempt failed because not every leader returned the watermarks of its partitions.
  bool leaders_failed() const { return leaders_failed_; }

 private:
  // By partition number, for all partitions of the topic.
  struct Committed {
    std::optional<int64_t> offset;
    std::string metadata;
  };
  Result<std::vector<Committed>> look_up_committed(std::stop_token stop);
  static void take_plan(Committed& from, AssignedPartition& to);
  Result<int32_t> count_partitions();
  Status look_up_watermarks(const std::vector<Partition>& partitions, std::map<Partition, StartInputs>& inputs,
                            std::stop_token stop);
  Status commit(const std::vector<std::pair<Partition, Offset>>& starts, int32_t partition_count, std::stop_token stop);

  rd_kafka_t* const client_;
  GroupRequests& requests_;
  const KafkaSettings& settings_;
  Clock& clock_;
  const OnFailure on_failure_;
  bool leaders_failed_ = false;
};

}  // namespace freshet::kafka
