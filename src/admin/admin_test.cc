#include <gtest/gtest.h>
#include <httplib.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "admin/access.h"
#include "admin/health.h"
#include "admin/health_file.h"
#include "admin/server.h"
#include "admin/status_json.h"
#include "base/mailbox.h"
#include "testkit/socket.h"

namespace freshet::admin {
namespace {

using std::chrono::seconds;

SteadyTime at(int64_t s) { return SteadyTime(seconds(s)); }

TEST(HealthTest, TheLoopMustTurn) {
  EXPECT_TRUE(health(at(110), at(100), {}).ok);
  EXPECT_FALSE(health(at(131), at(100), {}).ok);
  EXPECT_TRUE(health(at(500), at(100), at(499)).ok);
  EXPECT_NE(health(at(540), at(100), at(500)).reason.find("40 s"), std::string::npos);
}

StreamStatus busy(int64_t committed, int64_t end) {
  StreamStatus status;
  status.assigned = true;
  PartitionStatus partition;
  partition.committed = Offset{committed};
  partition.end = Offset{end};
  partition.lag = end - committed;
  status.partitions.push_back(partition);
  return status;
}

TEST(ReadinessTest, NothingToDoIsReadyAndMovingIsReady) {
  Readiness readiness;
  EXPECT_TRUE(readiness.assess(at(0), busy(10, 10)).ok);
  EXPECT_TRUE(readiness.assess(at(1000), busy(10, 10)).ok);
  EXPECT_TRUE(readiness.assess(at(1001), busy(11, 20)).ok);
}

TEST(ReadinessTest, LagThatDoesNotMoveIsNotReady) {
  Readiness readiness;
  EXPECT_TRUE(readiness.assess(at(100), busy(10, 20)).ok);
  EXPECT_TRUE(readiness.assess(at(120), busy(10, 30)).ok);
  const Answer answer = readiness.assess(at(131), busy(10, 30));
  EXPECT_FALSE(answer.ok);
  EXPECT_NE(answer.reason.find("lag of 20"), std::string::npos) << answer.reason;
  EXPECT_TRUE(readiness.assess(at(132), busy(12, 30)).ok);
}

TEST(ReadinessTest, SaysWhatItWaitsFor) {
  Readiness readiness;
  StreamStatus status;
  EXPECT_NE(readiness.assess(at(0), status).reason.find("assignment"), std::string::npos);
  status = busy(1, 1);
  status.waiting_for = "ClickHouse: refused";
  EXPECT_NE(readiness.assess(at(0), status).reason.find("ClickHouse: refused"), std::string::npos);
  status = busy(1, 1);
  status.partitions[0].held = "bad message";
  EXPECT_NE(readiness.assess(at(0), status).reason.find("bad message"), std::string::npos);
}

AdminSettings on(const std::string& listen) {
  AdminSettings settings;
  settings.listen = listen;
  return settings;
}

struct ServerTest : testing::Test {
  ServerTest() {
    AdminSources sources;
    sources.metrics = [] { return std::string("freshet_x 1\n"); };
    sources.health = [this] { return alive; };
    sources.ready = [this] { return ready; };
    sources.status = [this] {
      return status_json(busy(3, 5), SessionStatus(), LiveOptions(), alive, ready, "0.1.0", "2.0.2");
    };
    sources.release = [this](Partition partition, Offset offset) -> Result<std::string> {
      if (partition.value == 9) return failure(ErrorKind::Invalid, "partition 9 is not held");
      released = {partition.value, offset.value};
      return "partition 3 is released; given up: 1 message";
    };
    sources.renew = [this]() -> Result<RenewalAsked> {
      if (stopping) return failure(ErrorKind::Stopping, "it is stopping");
      return RenewalAsked{++renewals, renewals > 1};
    };
    sources.last_renewal = [this] { return last; };
    auto started = AdminServer::start(on("127.0.0.1:0"), std::move(sources));
    EXPECT_TRUE(started);
    server = *std::move(started);
    client = std::make_unique<httplib::Client>("127.0.0.1", server->port());
  }

  Answer alive{true, ""};
  Answer ready{false, "waiting: ClickHouse"};
  std::pair<int32_t, int64_t> released{-1, -1};
  uint64_t renewals = 0;
  bool stopping = false;
  std::optional<RenewalReport> last;
  std::unique_ptr<AdminServer> server;
  std::unique_ptr<httplib::Client> client;
};

TEST_F(ServerTest, AnswersEveryRoute) {
  EXPECT_EQ(client->Get("/metrics")->body, "freshet_x 1\n");
  EXPECT_EQ(client->Get("/health")->status, 200);
  const auto not_ready = client->Get("/ready");
  EXPECT_EQ(not_ready->status, 503);
  EXPECT_EQ(not_ready->body, "waiting: ClickHouse\n");
  const auto status = nlohmann::json::parse(client->Get("/status")->body);
  EXPECT_EQ(status.at("partitions").at(0).at("lag"), 2);
  EXPECT_TRUE(status.at("last_insert_error_at_ms").is_null());
  EXPECT_EQ(status.at("options").at("max_batch_size"), 50'000);
  EXPECT_NE(client->Get("/")->body.find("<title>freshet"), std::string::npos);
  EXPECT_NE(client->Get("/nothing")->body.find("/release"), std::string::npos);
}

TEST_F(ServerTest, ReleaseTakesOnlyWhatAnOperatorSends) {
  const std::string body = R"({"partition": 3, "offset": 70})";
  const auto done = client->Post("/release", body, "application/json");
  EXPECT_EQ(done->status, 200);
  EXPECT_EQ(done->body, "partition 3 is released; given up: 1 message\n");
  EXPECT_EQ(released, (std::pair<int32_t, int64_t>{3, 70}));
  EXPECT_EQ(client->Post("/release", body, "application/x-www-form-urlencoded")->status, 415);
  EXPECT_EQ(
      client->Post("/release", httplib::Headers{{"Origin", "http://evil.example"}}, body, "application/json")->status,
      403);
  for (const char* bad : {"", "[]", "{}", R"({"partition":-1,"offset":1})", R"({"partition":"1","offset":1})",
                          R"({"partition":1,"offset":18446744073709551615})"}) {
    EXPECT_EQ(client->Post("/release", bad, "application/json")->status, 400) << bad;
  }
  const auto conflict = client->Post("/release", R"({"partition":9,"offset":1})", "application/json");
  EXPECT_EQ(conflict->status, 409);
  EXPECT_EQ(conflict->body, "partition 9 is not held\n");
}

TEST_F(ServerTest, RenewSaysWhatHappens) {
  const auto first = client->Post("/renew");
  EXPECT_EQ(first->status, 202);
  const auto asked = nlohmann::json::parse(first->body);
  EXPECT_EQ(asked.at("renewal"), 1);
  EXPECT_EQ(asked.at("joined"), false);
  EXPECT_EQ(asked.at("text"), "renewal 1 is asked for");
  EXPECT_NE(client->Post("/renew")->body.find("renewal 2 is under way already; this joins it"), std::string::npos);
  stopping = true;
  EXPECT_EQ(client->Post("/renew")->status, 409);
  EXPECT_EQ(client->Post("/renew", httplib::Headers{{"Origin", "http://evil.example"}}, "", "text/plain")->status, 403);
  EXPECT_EQ(renewals, 2u);
}

// As `curl -X POST` does it: nothing is announced, so nothing is waited for.
TEST_F(ServerTest, APostWithoutABodyIsAnsweredAtOnce) {
  const auto post = [&](const std::string& path) {
    const testkit::Fd peer = testkit::connect_to_loopback(server->port());
    const std::string request = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(::write(peer.get(), request.data(), request.size()), static_cast<ssize_t>(request.size()));
    std::string answer;
    std::array<char, 1024> some{};
    for (ssize_t n = 1; n > 0;) {
      n = ::read(peer.get(), some.data(), some.size());
      if (n > 0) answer.append(some.data(), static_cast<size_t>(n));
    }
    return answer;
  };
  EXPECT_NE(post("/renew").find("renewal 1 is asked for"), std::string::npos);
  EXPECT_NE(post("/release").find("send Content-Type: application/json"), std::string::npos);
  EXPECT_EQ(client->Post("/renew", httplib::MultipartFormDataItems{{"a", "b", "", ""}})->status, 415);
}

TEST_F(ServerTest, TheLastRenewalIsShown) {
  EXPECT_EQ(client->Get("/renew")->body, "null\n");
  last = RenewalReport{};
  last->number = 7;
  last->mode = RenewalMode::Static;
  last->pause = std::chrono::milliseconds(14);
  last->generation_kept = true;
  const auto shown = nlohmann::json::parse(client->Get("/renew")->body);
  EXPECT_EQ(shown.at("number"), 7);
  EXPECT_EQ(shown.at("mode"), "static");
  EXPECT_EQ(shown.at("result"), "renewed");
  EXPECT_EQ(shown.at("pause_ms"), 14);
  EXPECT_EQ(shown.at("generation_kept"), true);
}

TEST(AccessTest, ReadingIsFreeAndChangingNeedsTheTokenOrLoopback) {
  const auto status = [](const Access& access, const Visitor& visitor) {
    const auto refused = access.refuses(visitor);
    return refused ? refused->status : 200;
  };
  const Visitor get{"GET", "h:1", "", false, ""};
  const Visitor post{"POST", "h:1", "", false, ""};
  const Visitor local{"POST", "127.0.0.1:1", "", false, ""};
  const auto with = [](Visitor visitor, const std::string& authorization) {
    visitor.authorization = authorization;
    return visitor;
  };
  for (const char* everywhere : {"0.0.0.0", "10.0.0.1", "[::]"}) {
    const Access open(everywhere, "");
    EXPECT_EQ(status(open, get), 200) << everywhere;
    EXPECT_EQ(status(open, post), 403) << everywhere;
    EXPECT_EQ(status(open, local), 403) << everywhere;
    const Access guarded(everywhere, "secret");
    EXPECT_EQ(status(guarded, get), 200);
    EXPECT_EQ(status(guarded, post), 401);
    EXPECT_EQ(status(guarded, with(post, "Bearer secreT")), 401);
    EXPECT_EQ(status(guarded, with(post, "Bearer secret ")), 401);
    EXPECT_EQ(status(guarded, with(post, "secret")), 401);
    EXPECT_EQ(status(guarded, with(post, "Bearer secret")), 200);
  }
  EXPECT_EQ(status(Access("127.0.0.1", ""), local), 200);
  EXPECT_EQ(status(Access("127.0.0.1", "secret"), local), 401);
  EXPECT_EQ(status(Access("127.0.0.1", "secret"), with(local, "Bearer secret")), 200);
  const Visitor page{"POST", "127.0.0.1:1", "http://evil.example", true, "Bearer secret"};
  EXPECT_EQ(status(Access("127.0.0.1", "secret"), page), 403);
  const Visitor own_page{"POST", "127.0.0.1:1", "http://127.0.0.1:1", true, ""};
  EXPECT_EQ(status(Access("127.0.0.1", ""), own_page), 200);
  const Visitor no_origin{"POST", "127.0.0.1:1", "", true, ""};
  EXPECT_EQ(status(Access("127.0.0.1", ""), no_origin), 403);
}

TEST_F(ServerTest, AnotherNameForLoopbackIsRefused) {
  EXPECT_EQ(client->Get("/status", httplib::Headers{{"Host", "evil.example:80"}})->status, 403);
  EXPECT_EQ(client->Get("/status", httplib::Headers{{"Host", "localhost:1"}})->status, 200);
}

TEST_F(ServerTest, ATakenAddressIsRefusedWithAdvice) {
  const auto second = AdminServer::start(on("127.0.0.1:" + std::to_string(server->port())), {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().text.find("--admin-listen"), std::string::npos);
  EXPECT_EQ(client->Get("/health")->status, 200);
  EXPECT_FALSE(AdminServer::start(on("nonsense"), {}));
}

TEST(ProgressTest, AsksForCommitsWhileMessagesCome) {
  Progress progress;
  StreamStatus status;
  EXPECT_TRUE(progress.assess(status).ok);  // before the first assignment
  status.partitions = {{Partition{0}, Offset{5}, Offset{5}, {}, {}, false, ""}};
  EXPECT_TRUE(progress.assess(status).ok);
  status.messages_consumed = 10;
  EXPECT_FALSE(progress.assess(status).ok);
  EXPECT_TRUE(progress.assess(status).ok);  // quiet since
  status.messages_consumed = 20;
  status.partitions[0].committed = Offset{6};
  EXPECT_TRUE(progress.assess(status).ok);
  status.partitions[0].paused = true;  // quiet only because it is held back
  EXPECT_FALSE(progress.assess(status).ok);
  EXPECT_FALSE(progress.assess(status).ok);
  status.partitions[0].committed = Offset{7};
  EXPECT_TRUE(progress.assess(status).ok);
}

TEST(HealthFileTest, IsTouchedWhileHealthy) {
  RealClock clock;
  const auto path = std::filesystem::temp_directory_path() / ("freshet-health-" + std::to_string(getpid()));
  Metrics metrics;
  Mailbox<int> asked(10);
  {
    HealthFile file(
        path,
        [&] {
          int one = 1;
          asked.try_push(one);
          return Answer{true, ""};
        },
        clock, null_log(), metrics);
    asked.pop();
    asked.pop();  // the first round is over
    EXPECT_TRUE(std::filesystem::exists(path));
    // The check of Snuba's composition removes the file and wants it back at its next look.
    std::filesystem::remove(path);
    asked.pop();
    asked.pop();
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_GE(metrics.counter("freshet_health_file_touches_total", "").value(), 2u);
  }
  std::filesystem::remove(path);
}

TEST(HealthFileTest, IsNotTouchedWhenNot) {
  RealClock clock;
  const auto path = std::filesystem::temp_directory_path() / ("freshet-unhealthy-" + std::to_string(getpid()));
  Metrics metrics;
  {
    HealthFile file(
        path,
        [] {
          return Answer{false, "stuck"};
        },
        clock, null_log(), metrics);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace freshet::admin
