#include "clickhouse/password.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "clickhouse/clickhouse_client.h"
#include "clickhouse/writing_for_test.h"
#include "testkit/fake_clickhouse.h"

namespace freshet::clickhouse {
namespace {

using testing::HasSubstr;
using testing::Not;
using testkit::FakeAnswer;
using testkit::FakeClickHouse;

struct PasswordFile {
  explicit PasswordFile(const std::string& password) { write(password); }
  ~PasswordFile() { std::filesystem::remove(path); }
  void write(const std::string& password) const { std::ofstream(path) << password << "\n"; }
  const std::string path =
      (std::filesystem::temp_directory_path() / ("freshet-password-" + std::to_string(getpid()))).string();
};

TEST(ClickHouseWriter, ThePasswordFileIsReadAgainWhenItChangesOrIsRejected) {
  FakeClickHouse server;
  server.next(FakeAnswer::exception(516, "me: Authentication failed: password is incorrect", 403), 2);
  const PasswordFile file("first-secret");
  Writing w({server.url()});
  w.settings.password = "first-secret";
  w.settings.password_file = file.path;
  SecretMask mask;
  w.writer = make_row_writer(w.settings, w.hosts, w.clock, w.log, w.metrics, nullptr, &mask);
  InsertRequest request;
  request.layout = &w.layout;
  request.rows = {"row\n"};
  size_t failures = 0;
  const WriteOutcome outcome = w.writer->write(request, {{}, [&](const InsertFailure& failure) {
                                                           EXPECT_EQ(failure.code, 516);
                                                           EXPECT_THAT(failure.text, HasSubstr("reads the file again"));
                                                           if (++failures == 2) file.write("second-secret");
                                                         }});
  EXPECT_EQ(outcome.kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(failures, 2u);
  const auto key = [&](size_t n) { return server.requests().at(n).headers.at("x-clickhouse-key"); };
  EXPECT_EQ(key(0), "first-secret");
  EXPECT_EQ(key(1), "first-secret");
  EXPECT_EQ(key(2), "second-secret");
  EXPECT_EQ(mask.masked("key second-secret"), "key ***");
  file.write("third-secret");
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(key(3), "third-secret") << "a change is seen before the server rejects the old one";
  file.write("");
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(key(4), "third-secret") << "an empty file is on its way";
  std::filesystem::remove(file.path);
  EXPECT_EQ(w.write({"row\n"}).kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(key(5), "third-secret");
  EXPECT_THAT(w.log.texts(), Not(HasSubstr("-secret")));
}

TEST(ClickHouseClient, ReadsTheRejectedPasswordAgain) {
  FakeClickHouse server;
  const PasswordFile file("first-secret");
  Writing w({server.url()});
  w.settings.password_file = file.path;
  SecretMask mask;
  ClickHouseClient client(w.settings, w.clock, &mask);
  file.write("second-secret");
  EXPECT_TRUE(client.query("SELECT 1", std::chrono::seconds(5)));
  EXPECT_EQ(server.requests().back().headers.at("x-clickhouse-key"), "second-secret");
  EXPECT_EQ(mask.masked("second-secret"), "***");
}

}  // namespace
}  // namespace freshet::clickhouse
