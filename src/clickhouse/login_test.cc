#include "clickhouse/login.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stop_token>
#include <thread>

#include "base/files.h"
#include "clickhouse/clickhouse_client.h"
#include "clickhouse/writing_for_test.h"
#include "testkit/child_process.h"
#include "testkit/fake_clickhouse.h"
#include "testkit/fake_clock.h"

namespace freshet::clickhouse {
namespace {

using testing::HasSubstr;
using testing::Not;
using testkit::FakeAnswer;
using testkit::FakeClickHouse;

struct SecretFile {
  explicit SecretFile(const std::string& secret) { write(secret); }
  ~SecretFile() { std::filesystem::remove(path); }
  // A new file each time: two writes within the same tick of the file system's clock have different versions.
  void write(const std::string& secret) const {
    std::ofstream(path + ".new") << secret << "\n";
    std::filesystem::rename(path + ".new", path);
  }
  const std::string path =
      (std::filesystem::temp_directory_path() / ("freshet-login-" + std::to_string(getpid()))).string();
};

FakeAnswer refused(int code) { return FakeAnswer::exception(code, "me: Authentication failed", 403); }

// A password that the process read when it started.
struct LoginTest : testing::Test {
  // The writer's clock stands still between two steps.
  LoginTest() { w.clock = &clock; }
  // As after a start of the process.
  void open(const secrets::SecretSource& password) {
    w.settings.password = password;
    w.renew_secrets();
  }
  WriteOutcome write() {
    w.failures.clear();
    return w.write({"row\n"});
  }
  std::string header(size_t request, const char* name) const {
    const auto headers = server.requests().at(request).headers;
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }

  FakeClickHouse server;
  testkit::FakeClock clock{testkit::FakeClock::Waits::Skipped};
  Writing w{{server.url()}};
};

TEST_F(LoginTest, AChangedPasswordIsUsedAtTheNextRequest) {
  const SecretFile file("first-secret");
  open({"first-secret", file.path});
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  file.write("second-secret");
  clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(header(0, "x-clickhouse-key"), "first-secret");
  EXPECT_EQ(header(1, "x-clickhouse-key"), "second-secret") << "before the server refuses the old one";
  EXPECT_EQ(w.mask.masked("key second-secret"), "key ***");
  EXPECT_THAT(w.log.texts(), Not(HasSubstr("-secret")));
}

TEST_F(LoginTest, ARefusalReadsThePasswordAgainAndRepeatsTheRequest) {
  for (const int code : {516, 192, 193, 194}) {
    const SecretFile file("first-secret");
    open({"first-secret", file.path});
    EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
    file.write("second-secret");
    server.next(refused(code));
    const size_t before = server.requests().size();
    EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
    EXPECT_EQ(w.failures.size(), 0u) << code;
    EXPECT_EQ(header(before, "x-clickhouse-key"), "first-secret");
    EXPECT_EQ(header(before + 1, "x-clickhouse-key"), "second-secret");
  }
}

TEST_F(LoginTest, WhatIsStillRefusedIsRetriedAndSaysWhatToDo) {
  server.next(refused(516), 3);
  const SecretFile file("first-secret");
  open({"first-secret", file.path});
  w.on_failure = [&](const InsertFailure& failure) {
    EXPECT_EQ(failure.code, 516);
    EXPECT_EQ(failure.failure_class, InsertFailure::Class::Operator);
    EXPECT_THAT(failure.text, HasSubstr("reads the file again"));
    if (w.failures.size() == 3) file.write("second-secret");
  };
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.failures.size(), 3u);
  EXPECT_EQ(server.stored_rows(), "row\n");
}

TEST_F(LoginTest, AProxyThatRefusesTheTokenGetsTheNextOne) {
  const auto refuses = [](int status, int code) {
    ServerError error;
    error.status = status;
    error.code = code;
    return refuses_login(error);
  };
  EXPECT_TRUE(refuses(401, 0) && refuses(403, 0) && refuses(500, 516));
  EXPECT_FALSE(refuses(404, 0) || refuses(403, 241) || refuses(0, 0));
  const SecretFile file("first-token");
  w.settings.user.clear();
  w.settings.token = {"first-token", file.path};
  open({});
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  file.write("second-token");
  server.next(FakeAnswer::foreign(401, {}, "token expired"));
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(header(1, "authorization"), "Bearer first-token");
  EXPECT_EQ(header(2, "authorization"), "Bearer second-token");
  EXPECT_EQ(header(2, "x-clickhouse-user"), "");
  EXPECT_EQ(header(2, "x-clickhouse-key"), "");
}

TEST_F(LoginTest, ACommandRunsAgainAfterARefusal) {
  open({"first-secret", "exec:echo second-secret"});
  clock.advance(std::chrono::seconds(10));
  server.next(refused(516));
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(header(1, "x-clickhouse-key"), "second-secret");
}

// A command that makes another token at each run, and may run again at once, because each request takes long.
TEST_F(LoginTest, ALoginIsRenewedOnceForEachAttempt) {
  open({"first-secret", "exec:date +%s%N"});
  std::jthread time([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      clock.advance(std::chrono::seconds(10));
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  });
  server.next(refused(516), 6);
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(server.requests().size(), 7u);
  EXPECT_GE(w.failures.size(), 3u) << "each attempt is sent twice at most";
}

// The table has the rows then: no repeat without what protects from a second copy.
TEST_F(LoginTest, ARefusalByAViewOrAShardIsNoneOfThisLogin) {
  const char* const of_view = "me: Not enough privileges: while pushing to view d.v";
  const char* const of_shard =
      "Received from shard-1:9000. DB::Exception: me: Authentication failed. Stack trace: (AUTHENTICATION_FAILED)";
  for (const int code : {497, 516, 192, 193, 194}) {
    const SecretFile file("first-secret");
    open({"first-secret", file.path});
    EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
    file.write("second-secret");
    const size_t before = server.requests().size();
    server.next(FakeAnswer::exception(code, of_view));
    EXPECT_EQ(write().kind, WriteOutcome::Kind::MaybeStored) << code;
    EXPECT_EQ(server.requests().size(), before + 1) << code;
    server.next(FakeAnswer::exception(code, of_shard));
    EXPECT_EQ(write().kind, WriteOutcome::Kind::Written);
    EXPECT_EQ(w.failures.size(), 1u) << code;
  }
}

TEST_F(LoginTest, QueriesRepeatWithTheNewPassword) {
  const SecretFile file("first-secret");
  open({"first-secret", file.path});
  ClickHouseClient client(w.settings, clock, &*w.secrets);
  EXPECT_TRUE(client.query("SELECT 1", std::chrono::seconds(5)));
  file.write("second-secret");
  server.next(refused(516));
  EXPECT_TRUE(client.query("SELECT 1", std::chrono::seconds(5)));
  EXPECT_EQ(server.requests().back().headers.at("x-clickhouse-key"), "second-secret");
}

// Both change when the server refuses the login, as the password does.
TEST_F(LoginTest, ACertificateOfACommandIsThatOfTheNextConnection) {
  w.settings.cert = {"certificate 1", "exec:echo certificate 2"};
  w.settings.key = {"key 1"};
  secrets::PlainSecretStore store(clock);
  Login login(w.settings, store.get(), clock);
  const auto options = [&] { return login.with_certificate({}); };
  EXPECT_EQ(options().cert_pem, "certificate 1");
  EXPECT_EQ(options().key_pem, "key 1");
  clock.advance(std::chrono::seconds(10));
  EXPECT_FALSE(login.certificates_changed());
  EXPECT_TRUE(login.renew({}));
  EXPECT_TRUE(login.certificates_changed(true));
  EXPECT_EQ(options().cert_pem, "certificate 2");
  EXPECT_EQ(options().key_pem, "key 1");
}

// A certificate and its key, of which either is an authority of its own.
struct Certificate {
  explicit Certificate(const testkit::TempFolder& folder, const std::string& name)
      : file(folder.path(name + ".pem")), key_file(folder.path(name + ".key")) {
    testkit::ChildProcess make(
        {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=" + name, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key_file, "-out", file},
        folder.path("made"));
    EXPECT_EQ(make.wait(std::chrono::seconds(60)), 0) << make.output();
  }
  std::string text() const { return read_file(file).value(); }
  std::string key_text() const { return read_file(key_file).value(); }
  const std::string file;
  const std::string key_file;
};

// A server with TLS that accepts one certificate, and does not answer a POST.
TEST_F(LoginTest, ACertificateThatTlsRefusesIsReadAgain) {
  const testkit::TempFolder folder;
  const Certificate right(folder, "right");
  const Certificate wrong(folder, "wrong");
  const int port = testkit::free_port();
  testkit::ChildProcess tls({"openssl", "s_server", "-accept", std::to_string(port), "-cert", right.file, "-key",
                             right.key_file, "-CAfile", right.file, "-Verify", "1", "-verify_return_error", "-www"},
                            folder.path("server"));
  testkit::wait_until_ready(tls, "openssl s_server", std::chrono::seconds(60),
                            [&] { return testkit::accepts_connections(port); });
  w.settings.urls = {"https://127.0.0.1:" + std::to_string(port)};
  w.settings.ca_file = right.file;
  w.settings.request_timeout = std::chrono::seconds(1);
  w.settings.cert = {wrong.text(), "exec:cat " + right.file};
  w.settings.key = {wrong.key_text(), "exec:cat " + right.key_file};
  w.settings.cert.form = w.settings.key.form = SecretForm::Lines;
  w.hosts = std::make_shared<Hosts>(w.settings.urls);
  w.renew_secrets();
  clock.advance(std::chrono::seconds(10));
  w.on_failure = [&](const InsertFailure& failure) {
    if (failure.text.find("timed out") != std::string::npos || w.failures.size() == 5) w.stop.request_stop();
  };
  EXPECT_EQ(write().kind, WriteOutcome::Kind::Abandoned);
  ASSERT_GE(w.failures.size(), 2u);
  EXPECT_THAT(w.failures.front().text, Not(HasSubstr("timed out"))) << "the first certificate is refused";
  EXPECT_THAT(w.failures.back().text, HasSubstr("timed out"));

  w.renew_secrets();
  ClickHouseClient client(w.settings, clock, &*w.secrets);
  clock.advance(std::chrono::seconds(10));
  const auto answer = client.query("SELECT 1", std::chrono::seconds(1));
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().text, HasSubstr("timed out")) << "in the same call";
}

TEST_F(LoginTest, CertificatesCountOnceTheyRest) {
  const SecretFile certificate("certificate 1");
  w.settings.cert_file = certificate.path;
  Login login(w.settings, nullptr, clock);
  const auto later = [&] {
    clock.advance(std::chrono::seconds(1));
    return login.certificates_changed();
  };
  EXPECT_FALSE(later());
  certificate.write("certificate 2");
  EXPECT_FALSE(login.certificates_changed()) << "looked at within this second";
  EXPECT_FALSE(later()) << "its key may follow";
  EXPECT_TRUE(later());
  EXPECT_FALSE(later());
  certificate.write("certificate 3");
  EXPECT_TRUE(login.certificates_changed(true)) << "the old one was refused";
  EXPECT_FALSE(later());
  std::filesystem::remove(certificate.path);
  EXPECT_FALSE(login.certificates_changed(true)) << "it is on its way";
  EXPECT_FALSE(later());
  EXPECT_FALSE(later());
}

}  // namespace
}  // namespace freshet::clickhouse
