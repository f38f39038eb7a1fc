// Many messages with one call of the library. rd_kafka_queue_poll() returns one, and looks at the clock twice and takes
// three locks for it; with librdkafka 2.15.1 that was more than a third of the main loop's CPU time.
#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "kafka/handles.h"

namespace freshet::kafka {

// What a rebalance event says.
struct Rebalance {
  rd_kafka_resp_err_t what;  // RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS or ..._REVOKE_PARTITIONS
  Partitions partitions;     // never null
};

// Whether the library of this version takes batches without harm. Before 2.13.2 its call moves the position of the
// application beyond the end of a partition, so that a pause and resume skips the next message. 2.1.0 also crashes on
// an error without a partition, and older ones lose messages if a rebalance begins meanwhile.
bool batches_are_safe(int version = rd_kafka_version());

// A rebalance that comes while a batch is taken is not returned as an event, but told to a callback. Call for the
// configuration of each client whose messages are taken in batches. The callback stores it in the batch.
void tell_batches_of_rebalances(rd_kafka_conf_t* conf);

// Threads: one at a time.
class MessageBatch {
 public:
  static constexpr size_t kMost = 64;
  // The library waits for the answer to a rebalance before the next one; a revoke may replace one without an answer.
  static constexpr size_t kMostRebalances = 8;

  // Takes up to `most` messages and partition errors that are in the queue now, without waiting. The queue must not
  // hold events of another kind, except rebalances.
  void take(rd_kafka_queue_t* queue, size_t most);
  // In the order of the queue; the caller moves them out.
  std::span<FetchedMessage> messages() { return {messages_.data(), count_}; }
  // Rebalances that came while the batch was taken. All messages that belong before them were taken; some may belong
  // behind them.
  std::vector<Rebalance>& rebalances() { return rebalances_; }

 private:
  std::array<FetchedMessage, kMost> messages_;
  size_t count_ = 0;
  std::vector<Rebalance> rebalances_;
};

}  // namespace freshet::kafka
