// Makes the system refuse new threads to the calling thread, as with RLIMIT_NPROC or a container's limit.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

namespace freshet::testkit {

// Threads: construct and destroy on the same thread; other threads of a root process are not affected. The limit does
// not apply to root, so the calling thread runs as another user (65534) in the meantime.
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
