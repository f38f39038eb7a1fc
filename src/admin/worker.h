// A thread that answers requests one after the other, with a bound on how many wait.
#pragma once

#include <functional>
#include <stop_token>
#include <thread>

#include "base/mailbox.h"
#include "base/threads.h"

namespace freshet::admin {

// Threads: post() any. Destruction asks the job under way to stop, waits for it and drops the others.
class Worker {
 public:
  using Job = std::function<void(std::stop_token)>;

  explicit Worker(size_t most_waiting)
      : jobs_(most_waiting), thread_(needed_thread([this](std::stop_token stop) {
          while (const auto job = jobs_.pop(stop)) (*job)(stop);
        })) {}

  // False: too many wait.
  bool post(Job job) { return jobs_.try_push(job); }

 private:
  Mailbox<Job> jobs_;
  std::jthread thread_;
};

}  // namespace freshet::admin
