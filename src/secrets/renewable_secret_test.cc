#include "secrets/renewable_secret.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "secrets/secret_store.h"
#include "testkit/child_process.h"
#include "testkit/fake_clock.h"
#include "testkit/recording_log.h"

namespace freshet::secrets {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

struct RenewableSecretTest : testing::Test {
  // As editors and tools do it: a new file in the place of the old one.
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path(name + ".new")) << text << '\n';
    std::filesystem::rename(folder.path(name + ".new"), folder.path(name));
    return folder.path(name);
  }
  // A command that returns the content of `name` and leaves a line in `name`.runs.
  std::string command(const std::string& name) const {
    return fmt::format("exec:sh -c 'echo >> {0}.runs; cat {0}'", folder.path(name));
  }
  size_t runs(const std::string& name) const {
    std::ostringstream all;
    all << std::ifstream(folder.path(name + ".runs")).rdbuf();
    return all.str().size();
  }
  std::shared_ptr<RenewableSecret> secret(const std::string& from, const std::string& value = "one") {
    return store.get("password", SecretSource(value, from));
  }
  std::string next(RenewableSecret& of) {
    clock.advance(1s);
    return of.current().reveal();
  }
  uint64_t counted(const char* name) { return metrics.counter(name, "", {{"secret", "password"}}).value(); }

  testkit::TempFolder folder;
  testkit::FakeClock clock;
  testkit::RecordingLog log;
  Metrics metrics;
  SecretMask mask;
  SecretStore store{{clock, log, metrics, &mask, 300s}};
};

TEST_F(RenewableSecretTest, ItNeverPrintsItself) {
  std::ostringstream out;
  out << Secret("hunter2");
  EXPECT_EQ(out.str(), "***");
}

TEST_F(RenewableSecretTest, AChangedFileIsUsedAtOnceAndLookedAtOnceASecond) {
  const auto one = secret(write("password", "one"));
  EXPECT_EQ(one->current().reveal(), "one");
  write("password", "twotwo");
  EXPECT_EQ(one->current().reveal(), "one") << "looked at within this second";
  EXPECT_EQ(next(*one), "twotwo");
  EXPECT_EQ(mask.masked("login twotwo"), "login ***");
  EXPECT_EQ(log.of("secret_renewed").at(0).fields.at("secret"), "password");
  EXPECT_EQ(counted("freshet_secrets_renewed_total"), 1u);
  EXPECT_THAT(log.texts(), Not(HasSubstr("twotwo")));
}

TEST_F(RenewableSecretTest, AFileThatChangedBeforeTheFirstLookIsReadAgain) {
  EXPECT_EQ(secret(write("password", "two"))->current().reveal(), "two");
}

TEST_F(RenewableSecretTest, WhatIsEmptyOrMissingIsOnItsWay) {
  const auto one = secret(write("password", "one"));
  EXPECT_EQ(next(*one), "one");
  write("password", "");
  EXPECT_EQ(next(*one), "one");
  std::filesystem::remove(folder.path("password"));
  EXPECT_EQ(next(*one), "one");
  std::filesystem::create_directory(folder.path("password"));
  EXPECT_EQ(next(*one), "one");
  std::filesystem::remove(folder.path("password"));
  write("password", "two");
  EXPECT_EQ(next(*one), "two");
}

// secret/password -> ..data/password, ..data -> ..1; a rotation makes ..2 and swaps ..data.
TEST_F(RenewableSecretTest, ASecretOfKubernetesIsSwappedAsALink) {
  const auto version = [this](const std::string& name, const std::string& text) {
    std::filesystem::create_directory(folder.path(name));
    std::ofstream(folder.path(name) + "/password") << text;
    std::filesystem::create_directory_symlink(name, folder.path("..data_tmp"));
    std::filesystem::rename(folder.path("..data_tmp"), folder.path("..data"));
  };
  version("..1", "one");
  std::filesystem::create_symlink("..data/password", folder.path("password"));
  const auto one = secret(folder.path("password"));
  EXPECT_EQ(next(*one), "one");
  version("..2", "two");
  EXPECT_EQ(next(*one), "two");
}

TEST_F(RenewableSecretTest, ARefusalReadsTheFileAtOnce) {
  const auto one = secret(write("password", "one"));
  EXPECT_EQ(one->current().reveal(), "one");
  EXPECT_FALSE(one->after_refusal(Secret("one"), {})) << "nothing else to try";
  write("password", "two");
  EXPECT_EQ(one->after_refusal(Secret("one"), {})->reveal(), "two");
  EXPECT_EQ(one->after_refusal(Secret("one"), {})->reveal(), "two") << "another writer has renewed it";
  std::filesystem::remove(folder.path("password"));
  EXPECT_FALSE(one->after_refusal(Secret("two"), {}));
  EXPECT_THAT(log.of("secret_not_renewed").at(0).fields.at("error"), HasSubstr("cannot be read"));
  EXPECT_EQ(counted("freshet_secret_failures_total"), 1u);
  EXPECT_EQ(one->current().reveal(), "two");
}

TEST_F(RenewableSecretTest, ASecretWithoutASourceStays) {
  const auto one = secret("");
  EXPECT_EQ(next(*one), "one");
  EXPECT_FALSE(one->after_refusal(Secret("one"), {}));
}

TEST_F(RenewableSecretTest, ACommandRunsAgainAfterItsInterval) {
  write("password", "two");
  const auto one = secret(command("password"));
  EXPECT_EQ(next(*one), "one") << "current() runs nothing";
  store.run_due_commands({});
  EXPECT_EQ(runs("password"), 0u);
  clock.advance(300s);
  store.run_due_commands({});
  store.run_due_commands({});
  EXPECT_EQ(runs("password"), 1u);
  EXPECT_EQ(one->current().reveal(), "two");
  EXPECT_EQ(log.of("secret_renewed").at(0).fields.at("source"), "exec:sh ***");
}

TEST_F(RenewableSecretTest, ACommandRunsAgainWhenItsSecretIsRefusedButNotForEveryRequest) {
  write("password", "one");
  const auto one = secret(command("password"));
  clock.advance(10s);
  EXPECT_FALSE(one->after_refusal(Secret("one"), {}));
  EXPECT_FALSE(one->after_refusal(Secret("one"), {}));
  EXPECT_EQ(runs("password"), 1u);
  write("password", "two");
  clock.advance(RenewableSecret::kRefusedPause);
  EXPECT_EQ(one->after_refusal(Secret("one"), {})->reveal(), "two");
  write("password", "three");
  one->refused_later();
  store.run_due_commands({});
  EXPECT_EQ(one->current().reveal(), "two") << "it has just run";
  clock.advance(RenewableSecret::kRefusedPause);
  store.run_due_commands({});
  EXPECT_EQ(one->current().reveal(), "three");
}

TEST_F(RenewableSecretTest, AFailedCommandKeepsTheSecretAndSaysWhy) {
  const auto one = secret("exec:sh -c 'echo sealed >&2; exit 2'");
  clock.advance(300s);
  store.run_due_commands({});
  EXPECT_EQ(one->current().reveal(), "one");
  EXPECT_THAT(log.of("secret_not_renewed").at(0).fields.at("error"), HasSubstr("ends with status 2: sealed"));
}

TEST_F(RenewableSecretTest, AllUsersOfASourceShareOneSecret) {
  const std::string from = write("password", "one");
  EXPECT_EQ(secret(from), secret(from));
  EXPECT_NE(secret(from), store.get("token", SecretSource("one", from)));
  EXPECT_NE(secret(""), secret("")) << "these may have different values";
}

TEST_F(RenewableSecretTest, AThreadRunsTheCommandsAndEndsAtOnce) {
  write("password", "two");
  const auto one = secret(command("password"));
  const auto slow = store.get("token", SecretSource("one", "exec:sleep 600"));
  const CommandRenewal renewal(store, clock);
  clock.await_waits(1);
  clock.advance(301s);
  EXPECT_TRUE(testkit::eventually(60s, [&] { return one->current().reveal() == "two"; }));
}

}  // namespace
}  // namespace freshet::secrets
