#include "secrets/secret_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "base/files.h"

namespace freshet::secrets {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string error_of(std::string_view command, Duration limit = kCommandMayTake) {
  const auto text = run_command(command, {}, limit);
  return text ? "no error" : text.error().text;
}

TEST(SecretCommandTest, ACommandIsSplitAsAShellWouldWithoutBeingOne) {
  EXPECT_EQ(command_in("/run/secrets/password"), std::nullopt);
  EXPECT_EQ(command_in("./exec:file"), std::nullopt);
  EXPECT_EQ(command_in("exec:vault read x"), "vault read x");
  EXPECT_THAT(*words_of("  vault\tkv  get 'a b' --x=\"c 'd'\" '' $HOME|e;f\\"),
              ElementsAre("vault", "kv", "get", "a b", "--x=c 'd'", "", "$HOME|e;f\\"));
  for (const char* wrong : {"", "  ", "''", "a 'b", "a \"b"}) EXPECT_FALSE(words_of(wrong)) << wrong;
}

TEST(SecretCommandTest, StandardOutputIsTheSecret) {
  EXPECT_EQ(*run_command("echo 'two words'"), "two words\n");
  EXPECT_EQ(*run_command("sh -c 'echo note >&2; printf s3cret; exec cat'"), "s3cret") << "nothing on standard input";
}

TEST(SecretCommandTest, AFailureSaysWhyWithoutTheSecret) {
  const std::string text = error_of("sh -c 'echo hunter2; echo token hunter2 expired >&2; echo again >&2; exit 3'");
  EXPECT_THAT(text, HasSubstr("the command sh: ends with status 3: token *** expired again"));
  EXPECT_THAT(text, Not(HasSubstr("hunter2")));
  EXPECT_THAT(error_of("/nowhere/at/all"), HasSubstr("/nowhere/at/all: No such file or directory"));
  EXPECT_THAT(error_of("sh -c 'kill -9 $$'"), HasSubstr("ends with status 137"));
}

TEST(SecretCommandTest, TimeAndOutputAreBounded) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(error_of("sleep 600", std::chrono::milliseconds(100)), HasSubstr("takes longer than 0.1 s"));
  EXPECT_THAT(error_of("sh -c 'exec >&- 2>&-; exec sleep 600'", std::chrono::milliseconds(100)),
              HasSubstr("takes longer"));
  EXPECT_THAT(error_of("yes"), HasSubstr("writes more than"));
  EXPECT_EQ(error_of("sh -c 'head -c 3000000 /dev/zero >&2 && echo s3cret'"), "no error") << "its errors are dropped";
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

// An agent that the command leaves behind has its standard output.
TEST(SecretCommandTest, WhatACommandStartsDoesNotKeepIt) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(*run_command("sh -c 'sleep 600 & echo s3cret'"), "s3cret\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(9));
}

TEST(SecretCommandTest, AStopEndsIt) {
  std::stop_source stop;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto text = run_command("sleep 600", stop.get_token());
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::Stopping);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(9));
}

TEST(SecretCommandTest, ItGetsTheEnvironmentWithoutOurSecrets) {
  setenv("FRESHET_CLICKHOUSE_PASSWORD", "hunter2", 1);
  setenv("VAULT_ADDR", "https://vault:8200", 1);
  const std::string seen = *run_command("env");
  unsetenv("FRESHET_CLICKHOUSE_PASSWORD");
  unsetenv("VAULT_ADDR");
  EXPECT_THAT(seen, HasSubstr("VAULT_ADDR=https://vault:8200\n"));
  EXPECT_THAT(seen, Not(HasSubstr("hunter2")));
}

}  // namespace
}  // namespace freshet::secrets
