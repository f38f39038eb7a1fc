// What a run did and found, with times to compare with the logs of the members.
#pragma once

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <mutex>
#include <string>
#include <vector>

namespace freshet::faults {

// Threads: any.
class RunLog {
 public:
  explicit RunLog(const std::string& file) : file_(file) {}

  void write(const std::string& text) {
    const auto now = std::chrono::system_clock::now();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    const std::lock_guard lock(mutex_);
    file_ << fmt::format("{:%FT%T}.{:03}Z {}\n", fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms, text)
          << std::flush;
  }
  // Something that must not happen, whatever the verifier counts.
  void find(const std::string& text) {
    write("FINDING " + text);
    const std::lock_guard lock(mutex_);
    findings_.push_back(text);
  }
  std::vector<std::string> findings() const {
    const std::lock_guard lock(mutex_);
    return findings_;
  }

 private:
  mutable std::mutex mutex_;
  std::ofstream file_;
  std::vector<std::string> findings_;
};

}  // namespace freshet::faults
