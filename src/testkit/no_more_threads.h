// Makes the system refuse new threads to the calling thread, as RLIMIT_NPROC or a container's limit would.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

namespace freshet::testkit {

// The limit does not apply to root, so the calling thread of a root process runs as user 65534 while this exists.
// Threads: construct and destroy on the same thread; other threads of a root process are not affected.
class NoMoreThreads {
 public:
  NoMoreThreads();
  ~NoMoreThreads();
  NoMoreThreads(const NoMoreThreads&) = delete;
  NoMoreThreads& operator=(const NoMoreThreads&) = delete;

 private:
  rlimit before_{};
  const bool root_;
};

}  // namespace freshet::testkit
