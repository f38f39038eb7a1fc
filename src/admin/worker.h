// A thread with a bounded queue of jobs.
#pragma once

#include <functional>
#include <stop_token>
#include <thread>

#include "base/mailbox.h"
#include "base/threads.h"

namespace freshet::admin {

// Runs jobs one after the other. Destruction requests a stop of the running job, waits for it and drops the queued
// ones. Threads: any may call post().
class Worker {
 public:
  using Job = std::function<void(std::stop_token)>;

  explicit Worker(size_t most_waiting)
      : jobs_(most_waiting), thread_(needed_thread("admin_worker", [this](std::stop_token stop) {
          while (const auto job = jobs_.pop(stop)) (*job)(stop);
        })) {}

  // False: the queue is full.
  bool post(Job job) { return jobs_.try_push(job); }

 private:
  Mailbox<Job> jobs_;
  std::jthread thread_;
};

}  // namespace freshet::admin
