// The system refuses new threads to the calling thread, as it does when RLIMIT_NPROC or a container's limit is reached.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

namespace freshet::testkit {

// Threads: construct and destroy by the same one; others of a process that runs as root are not concerned. Root itself
// knows no such limit: the calling thread is somebody else meanwhile (user 65534).
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
