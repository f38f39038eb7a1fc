// The Compose file's health check before any server answers: it deletes the file, and the file must exist at the next
// check, or the container is restarted again and again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "composition.h"

namespace freshet {
namespace {

using e2e::Consumer;
using e2e::Service;
using testing::IsEmpty;
using namespace std::chrono_literals;

TEST(UnreachableTest, TheHealthFileComesBackWhileNoServerAnswersAndNothingIsAssigned) {
  auto environment = e2e::environment({"127.0.0.1:1", 2, 3});
  std::vector<std::unique_ptr<Consumer>> consumers;
  for (const Service& service : e2e::composition()) {
    consumers.push_back(std::make_unique<Consumer>(service, environment, false));
  }
  for (int look = 0; look < 3; ++look) {
    std::set<std::string> missing;
    testkit::eventually(60s, [&] {
      missing.clear();
      for (const auto& consumer : consumers) {
        const bool there = !consumer->has_health_file() || std::filesystem::exists(consumer->health_file());
        if (!there) missing.insert(consumer->service().name);
      }
      return missing.empty();
    });
    EXPECT_THAT(missing, IsEmpty()) << "look " << look;
    for (const auto& consumer : consumers) std::filesystem::remove(consumer->health_file());
  }
  for (const auto& consumer : consumers) consumer->process().signal(SIGTERM);
  for (const auto& consumer : consumers) EXPECT_EQ(consumer->process().wait(60s), 0) << consumer->output();
}

}  // namespace
}  // namespace freshet
