// Produces web events, a few of them malformed, not far ahead of what the group has committed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace freshet::demo {

class Generator {
 public:
  struct Settings {
    std::string bootstrap;
    std::string topic;
    int partitions = 4;
    uint64_t per_second = 20'000;
    uint64_t malformed_every = 1'000;
    // Bytes a partition may be ahead: the mock cluster drops the oldest beyond 5 MiB, and says nothing of it.
    int64_t max_lead_bytes = 2'500'000;
  };

  // `behind`: how many messages of the topic are not committed yet. Its own thread; stop() waits until all is
  // delivered.
  Generator(Settings settings, std::function<int64_t()> behind);
  void stop();

  uint64_t produced() const { return produced_.load(); }
  uint64_t malformed() const { return malformed_.load(); }

 private:
  void generate(std::stop_token stop);

  const Settings settings_;
  const std::function<int64_t()> behind_;
  std::atomic<uint64_t> produced_{0};
  std::atomic<uint64_t> malformed_{0};
  std::jthread thread_;
};

}  // namespace freshet::demo
