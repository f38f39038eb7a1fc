// Produces web events, some of them malformed, but stays at most a limited number of messages ahead of freshet.
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
    // Maximum bytes per partition ahead of freshet. The mock cluster silently drops the oldest messages beyond 5 MiB.
    int64_t max_lead_bytes = 2'500'000;
  };

  // `behind` returns the number of produced messages that freshet has neither stored nor dead-lettered. Produces on its
  // own thread; stop() waits until all messages are delivered.
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
