#include "kafka/message_batch.h"

#include <algorithm>
#include <utility>

namespace freshet::kafka {
namespace {

constexpr int kFirstSafeVersion = 0x020d0200;  // 2.13.2

// The library runs the callback on the thread that takes a batch, inside its call. Only that thread's batch is there.
thread_local std::vector<Rebalance>* rebalances_of_this_batch = nullptr;

class TakesRebalances {
 public:
  explicit TakesRebalances(std::vector<Rebalance>& into) { rebalances_of_this_batch = &into; }
  ~TakesRebalances() { rebalances_of_this_batch = nullptr; }
  TakesRebalances(const TakesRebalances&) = delete;
  TakesRebalances& operator=(const TakesRebalances&) = delete;
};

Partitions copy_of(const rd_kafka_topic_partition_list_t* list) {
  return Partitions(list == nullptr ? rd_kafka_topic_partition_list_new(0) : rd_kafka_topic_partition_list_copy(list));
}

// An exception must not pass through the library's frames.
void on_rebalance_in_batch(rd_kafka_t* client, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions,
                           void*) noexcept {
  if (rebalances_of_this_batch != nullptr) {
    rebalances_of_this_batch->push_back({what, copy_of(partitions)});
  } else {
    rd_kafka_assign(client, nullptr);  // as the library does without a callback
  }
}

}  // namespace

bool batches_are_safe(int version) { return version >= kFirstSafeVersion; }

void tell_batches_of_rebalances(rd_kafka_conf_t* conf) { rd_kafka_conf_set_rebalance_cb(conf, on_rebalance_in_batch); }

void MessageBatch::take(rd_kafka_queue_t* queue, size_t most) {
  rebalances_.clear();
  std::array<rd_kafka_message_t*, kMost> taken{};
  rebalances_.reserve(kMostRebalances);
  const TakesRebalances takes(rebalances_);
  const ssize_t count = rd_kafka_consume_batch_queue(queue, 0, taken.data(), std::min(most, kMost));
  count_ = count > 0 ? static_cast<size_t>(count) : 0;
  for (size_t i = 0; i < count_; ++i) messages_[i].reset(taken[i]);
}

}  // namespace freshet::kafka
