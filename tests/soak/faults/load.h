// The load of a run: messages with ascending ids at a steady rate.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "messages.h"
#include "testkit/kafka_client.h"

namespace freshet::faults {

// Threads: any.
class Load {
 public:
  Load(const std::string& bootstrap, std::string topic, int partitions, std::chrono::microseconds every,
       MessageForm form);
  ~Load() { stop(); }

  // The topic has that many partitions now; they are used as soon as the producer knows of them.
  void set_partitions(int count) { wanted_ = count; }
  uint64_t produced() const { return next_; }
  // Ends the load and waits until the broker has all messages. Returns their number.
  uint64_t stop();
  // Whether it has all messages; valid after stop().
  bool all_sent() const { return all_sent_; }

 private:
  void run(const std::stop_token& stop);

  testkit::KafkaClient client_;  // used by the thread only
  const std::string topic_;
  const std::chrono::microseconds every_;
  const MessageForm form_;
  int partitions_;
  std::atomic<int> wanted_;
  std::atomic<uint64_t> next_{0};
  std::atomic<bool> all_sent_{false};
  std::jthread thread_;
};

}  // namespace freshet::faults
