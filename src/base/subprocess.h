// Child processes; every child of the program is started here.
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
  std::map<int, int> descriptors;        // the child's number -> ours (kNullDevice = /dev/null); it gets no others
  uint64_t memory_limit = 0;             // limit of its data in bytes (RLIMIT_DATA); 0 = no limit
};
constexpr int kNullDevice = -1;

// The child starts without blocked or ignored signals, in its own process group, and writes no core dump. It is killed
// when the thread that started it ends for any reason. Orphaned descendants become its children. Threads: one.
class Subprocess {
 public:
  // The error's code is errno.
  static Result<Subprocess> start(const SubprocessPlan& plan);

  Subprocess(Subprocess&& other) noexcept;
  Subprocess& operator=(Subprocess&&) = delete;
  ~Subprocess();  // kills it and all its descendants, also in other groups and sessions

  // A new descriptor (pidfd) that is readable once it has ended; -1 and errno if the system has none left.
  int open_end() const;
  // Waits for its end and returns the exit status, or 128 + signal. Kills what remains in its group.
  int wait();

 private:
  explicit Subprocess(pid_t pid) : pid_(pid) {}

  pid_t pid_;  // -1: it has ended
};

}  // namespace freshet
