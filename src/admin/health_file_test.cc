#include "admin/health_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/mailbox.h"
#include "testkit/child_process.h"

namespace freshet::admin {
namespace {

// Opening a pipe would block the thread and the exit; following a link would change another file.
TEST(HealthFileTest, APipeOrALinkInItsPlaceHoldsNobodyAndChangesNothing) {
  const testkit::TempFolder folder;
  RealClock clock;
  Metrics metrics;
  ASSERT_EQ(mkfifo(folder.path("pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink(folder.path("other"), folder.path("link"));
  for (const char* name : {"pipe", "link"}) {
    Mailbox<int> asked(10);
    HealthFile file(
        folder.path(name),
        [&] {
          int one = 1;
          asked.try_push(one);
          return HealthStatus{true, ""};
        },
        clock, null_log(), metrics);
    asked.pop();
    asked.pop();  // the first iteration has ended
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path("other")));
  EXPECT_EQ(metrics.counter("freshet_health_file_touches_total", "").value(), 0u);
}

}  // namespace
}  // namespace freshet::admin
