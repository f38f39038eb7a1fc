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

// Before 2.1 the library's call loses messages if a rebalance begins meanwhile.
bool takes_batches();

// A rebalance that comes while a batch is taken is not returned as an event, but told to a callback. Call for the
// configuration of each client whose messages are taken in batches. The callback stores it in the batch.
void tell_batches_of_rebalances(rd_kafka_conf_t* conf);

// Threads: one at a time.
class MessageBatch {
 public:
  static constexpr size_t kMost = 64;

  // Takes up to `most` messages and partition errors that are in the queue now, without waiting. The queue must not
  // hold events of another kind, except rebalances.
  void take(rd_kafka_queue_t* queue, size_t most);
  // In the order of the queue; the caller moves them out.
  std::span<FetchedMessage> messages() { return {messages_.data(), count_}; }
  // That came meanwhile. All messages that belong before them were taken; some may belong behind them.
  std::vector<Rebalance>& rebalances() { return rebalances_; }

 private:
  std::array<FetchedMessage, kMost> messages_;
  size_t count_ = 0;
  std::vector<Rebalance> rebalances_;
};

}  // namespace freshet::kafka
