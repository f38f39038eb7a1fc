// A program started by this one: the only way in which one is.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace freshet {

struct SubprocessPlan {
  std::vector<std::string> words;        // the program, found on the PATH, and its arguments
  std::vector<std::string> environment;  // NAME=VALUE
  std::map<int, int> descriptors;        // the child's number -> ours, kNullDevice: /dev/null; it has no others
  uint64_t memory_limit = 0;             // bytes of data that it may have (RLIMIT_DATA); 0 = no limit
};
constexpr int kNullDevice = -1;

// It begins without blocked or ignored signals, in a process group of its own, writes no core dump, and ends with the
// thread that started it, whatever ends that. Orphans among its descendants become its children. Threads: one.
class Subprocess {
 public:
  // The error's code is the number of the system's error.
  static Result<Subprocess> start(const SubprocessPlan& plan);

  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&&) = delete;
  ~Subprocess();  // ends it and all that it has started, also in other groups and sessions

  // Waits for its end: exit status, or 128 + signal. What it leaves behind in its group ends, too.
  int wait();

 private:
  explicit Subprocess(pid_t pid) : pid_(pid) {}

  pid_t pid_;  // -1: it has ended
};

}  // namespace freshet
