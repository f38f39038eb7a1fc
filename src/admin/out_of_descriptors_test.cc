// A server whose process has no free file descriptor.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>

#include "admin/server.h"
#include "testkit/child_process.h"
#include "testkit/raw_http.h"
#include "testkit/socket.h"

namespace {
std::atomic<bool> none_free{false};
std::atomic<int> refused{0};
}  // namespace

// Replaces libc's. The limit of the process (RLIMIT_NOFILE) would apply to the sanitizers, too: UBSan makes a pipe to
// learn whether the object of a virtual call is readable, and without one it takes every object for a wrong one.
extern "C" int accept4(int listener, sockaddr* peer, socklen_t* size, int flags) {
  if (none_free) {
    ++refused;
    errno = EMFILE;
    return -1;
  }
  static const auto real = reinterpret_cast<decltype(&accept4)>(::dlsym(RTLD_NEXT, "accept4"));
  return real(listener, peer, size, flags);
}

namespace freshet::admin {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// A new connection waits in the kernel, and the server does not spin.
TEST(OutOfDescriptorsTest, ItGoesOnWhenThereIsOneAgain) {
  AdminSettings settings;
  settings.listen = "127.0.0.1:0";
  AdminSources sources;
  sources.health = [] { return HealthStatus{true, ""}; };
  const auto server = AdminServer::start(settings, std::move(sources));
  ASSERT_TRUE(server) << server.error().text;
  none_free = true;
  const auto before = steady_clock::now();
  const testkit::Fd peer = testkit::connect_to_loopback((*server)->port());
  EXPECT_TRUE(peer);
  EXPECT_TRUE(testkit::eventually(30s, [] { return refused >= 6; })) << refused;
  const int attempts = refused;
  EXPECT_GE(steady_clock::now() - before, (attempts - 1) * 50ms) << "attempts without a pause between them";
  none_free = false;
  const testkit::StopFlag never;
  std::string answer;
  EXPECT_TRUE(testkit::send_all(peer, never, testkit::raw_request("GET", "/health")));
  while (testkit::receive(peer, never, answer)) {
  }
  EXPECT_EQ(testkit::parse_raw_answer(answer).status, 200);
}

}  // namespace
}  // namespace freshet::admin
