#include "testkit/no_more_threads.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace freshet::testkit {
namespace {

constexpr uid_t kNobody = 65534;

// The raw system call changes only the calling thread; libc's setresuid() changes all threads.
void become(uid_t user) {
  if (::syscall(SYS_setresuid, user, user, 0) != 0)
    throw std::system_error(errno, std::generic_category(), "setresuid");
}

}  // namespace

NoMoreThreads::NoMoreThreads() : root_(::geteuid() == 0) {
  ::getrlimit(RLIMIT_NPROC, &before_);
  const rlimit none{0, before_.rlim_max};
  ::setrlimit(RLIMIT_NPROC, &none);
  if (root_) become(kNobody);
}

NoMoreThreads::~NoMoreThreads() {
  if (root_) ::syscall(SYS_setresuid, 0, 0, 0);
  ::setrlimit(RLIMIT_NPROC, &before_);
}

}  // namespace freshet::testkit
