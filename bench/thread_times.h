// CPU time of the threads of another process.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace freshet::bench {

// Reads the kernel's counters again and again, because they are gone when a thread ends. Keeps the last ones.
class ThreadTimes {
 public:
  struct Thread {
    std::string name;  // as the process named it; at most 15 characters
    double seconds = 0;
  };

  explicit ThreadTimes(pid_t process) : process_(process) {}

  void look() {
    std::error_code ended;
    const std::filesystem::path tasks = "/proc/" + std::to_string(process_) + "/task";
    for (const auto& task : std::filesystem::directory_iterator(tasks, ended)) {
      Thread now;
      double nanoseconds = 0;
      if (!std::getline(std::ifstream(task.path() / "comm"), now.name)) continue;
      if (!(std::ifstream(task.path() / "schedstat") >> nanoseconds)) continue;
      now.seconds = nanoseconds / 1e9;
      threads_[std::stoi(task.path().filename())] = now;
    }
  }

  // By thread id. The main thread has the id of the process.
  const std::map<pid_t, Thread>& threads() const { return threads_; }

 private:
  const pid_t process_;
  std::map<pid_t, Thread> threads_;
};

}  // namespace freshet::bench
