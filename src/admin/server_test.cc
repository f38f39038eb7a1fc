// Tests the server over sockets.
#include "admin/server.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <vector>

#include "admin/status_json.h"
#include "base/mailbox.h"
#include "base/message_text.h"
#include "testkit/child_process.h"
#include "testkit/raw_http.h"
#include "testkit/socket.h"

namespace freshet::admin {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

AdminSettings on(const std::string& listen) {
  AdminSettings settings;
  settings.listen = listen;
  return settings;
}

StreamStatus busy() {
  StreamStatus status;
  status.assigned = true;
  PartitionStatus partition;
  partition.committed = Offset{3};
  partition.end = Offset{5};
  partition.lag = 2;
  status.partitions.push_back(partition);
  return status;
}

bool has_input(const testkit::Fd& peer) {
  pollfd one{peer.get(), POLLIN, 0};
  return poll(&one, 1, 0) == 1;
}

struct ServerTest : testing::Test {
  ServerTest() { start("127.0.0.1:0"); }

  void start(const std::string& listen, std::chrono::milliseconds request = ConnectionLimits().request) {
    AdminSources sources;
    sources.metrics = [this] { return metrics; };
    sources.health = [this] { return alive; };
    sources.ready = [this] { return ready; };
    sources.status = [this] {
      return ProcessStatus{"0.1.0", "2.0.2", alive, ready, busy(), ConsumerStatus(), {}, {{"max_batch_size", "50000"}}};
    };
    sources.skip = [this](const SkipOrder& asked, std::stop_token stop) -> Result<std::string> {
      if (asked.partition.value == 9) return failure(ErrorKind::Invalid, "partition 9 is not blocked");
      if (asked.partition.value == 8) go_on.pop(stop);
      skipped = {asked.partition.value, asked.next.value_or(Offset{-1}).value};
      resolution = asked.resolution;
      return "partition 3 is skipped; 1 messages were dropped";
    };
    sources.renew = [this]() -> Result<RenewalAsked> {
      if (stopping) return failure(ErrorKind::Stopping, "it is stopping");
      ++renewals;
      return RenewalAsked{renewals, renewals > 1, renewals > 1 ? "the tick" : ""};
    };
    sources.last_renewal = [this] { return last; };
    sources.history = [] { return std::string("{}\n"); };
    sources.dead_letters = [] {
      return std::vector<DeadLetterNote>{
          {SystemTime(5ms), Partition{3}, Offset{70}, "invalid_json", message_text("not JSON: hush")}};
    };
    sources.settings = [] {
      return SettingsStatus{{{"topic", "events", "flag"}}, {{"max_batch_size", "7", "default"}}};
    };
    ConnectionLimits limits = ConnectionLimits::for_this_process();
    limits.request = request;
    auto started = AdminServer::start(on(listen), std::move(sources), limits);
    ASSERT_TRUE(started) << started.error().text;
    server = *std::move(started);
  }

  testkit::RawAnswer ask(const std::string& bytes) const { return testkit::send_raw(server->port(), bytes); }
  testkit::RawAnswer get(const std::string& path, std::initializer_list<std::string_view> headers = {}) const {
    return ask(testkit::raw_request("GET", path, headers));
  }
  testkit::RawAnswer renew(std::initializer_list<std::string_view> headers = {"X-Freshet-Request: 1"}) const {
    return ask(testkit::raw_request("POST", "/renew", headers));
  }
  testkit::RawAnswer skip(const std::string& body,
                          std::initializer_list<std::string_view> headers = {"Content-Type: application/json"}) const {
    return ask(testkit::raw_request("POST", "/skip", headers, body));
  }
  testkit::Fd connect(std::string_view first = {}) const {
    testkit::Fd peer = testkit::connect_to_loopback(server->port());
    EXPECT_TRUE(peer);
    testkit::send_all(peer, never, first);
    return peer;
  }

  const testkit::StopFlag never;
  std::string metrics = "freshet_x 1\n";
  HealthStatus alive{true, ""};
  HealthStatus ready{false, "waiting: ClickHouse"};
  std::pair<int32_t, int64_t> skipped{-1, -1};
  std::optional<Resolution> resolution;
  uint64_t renewals = 0;
  bool stopping = false;
  Mailbox<int> go_on{1};
  std::optional<RenewalReport> last;
  std::unique_ptr<AdminServer> server;
};

TEST_F(ServerTest, AnswersEveryRoute) {
  EXPECT_EQ(get("/metrics").body, "freshet_x 1\n");
  EXPECT_EQ(get("/health").status, 200);
  const auto not_ready = get("/ready");
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_EQ(not_ready.body, "waiting: ClickHouse\n");
  const auto status = nlohmann::json::parse(get("/status").body);
  EXPECT_EQ(status.at("partitions").at(0).at("lag"), 2);
  EXPECT_TRUE(status.at("last_insert_error_at_ms").is_null());
  EXPECT_EQ(status.at("options").at("max_batch_size"), 50'000);
  EXPECT_NE(get("/").body.find("<title>freshet"), std::string::npos);
  EXPECT_NE(get("/nothing").body.find("/skip"), std::string::npos);
}

TEST_F(ServerTest, ShowsHistoryDeadLettersAndSettings) {
  EXPECT_EQ(get("/history").body, "{}\n");
  const auto settings = nlohmann::json::parse(get("/settings").body);
  EXPECT_EQ(settings.at("settings").at(0).at("source"), "flag");
  EXPECT_EQ(settings.at("options").at(0).at("name"), "max_batch_size");
  const auto letters = get("/dead-letters");
  const auto letter = nlohmann::json::parse(letters.body).at("dead_letters").at(0);
  EXPECT_EQ(letter.at("at_ms"), 5);
  EXPECT_EQ(letter.at("partition"), 3);
  EXPECT_EQ(letter.at("offset"), 70);
  EXPECT_EQ(letter.at("reason_code"), "invalid_json");
  EXPECT_EQ(letters.body.find("hush"), std::string::npos) << "the reason may quote the message";
}

TEST_F(ServerTest, ABlockedBatchIsResolvedEitherWay) {
  EXPECT_EQ(skip(R"({"partition": 3, "resolution": "stored"})").status, 200);
  EXPECT_EQ(skipped, (std::pair<int32_t, int64_t>{3, -1}));
  EXPECT_EQ(resolution, Resolution::Stored);
  EXPECT_EQ(skip(R"({"partition": 4, "offset": 7, "resolution": "retry"})").status, 200);
  EXPECT_EQ(skipped, (std::pair<int32_t, int64_t>{4, 7}));
  EXPECT_EQ(resolution, Resolution::Retry);
  for (const char* wrong :
       {R"({"partition": 5, "resolution": "maybe"})", R"({"partition": 5, "resolution": 1})",
        R"({"partition": 5, "resolution": null})", R"({"resolution": "stored"})",
        R"({"partition": 5, "offset": -1, "resolution": "stored"})", R"({"partition": 5, "resolved": "stored"})"}) {
    EXPECT_EQ(skip(wrong).status, 400) << wrong;
  }
  EXPECT_EQ(skipped.first, 4) << "nothing of those was carried out";
}

TEST_F(ServerTest, SkipTakesOnlyWhatAnOperatorSends) {
  const std::string body = R"({"partition": 3, "offset": 70})";
  const auto done = skip(body);
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.body, "partition 3 is skipped; 1 messages were dropped\n");
  EXPECT_EQ(skipped, (std::pair<int32_t, int64_t>{3, 70}));
  skipped = {-1, -1};
  EXPECT_EQ(skip(body, {"Content-Type: application/x-www-form-urlencoded"}).status, 403);
  EXPECT_EQ(skip(body, {"Content-Type: application/x-www-form-urlencoded", "X-Freshet-Request: 1"}).status, 415);
  EXPECT_EQ(skip(body, {"Content-Type: application/json", "Origin: http://evil.example"}).status, 403);
  for (const char* bad :
       {"[]", "{}", R"({"partition":-1,"offset":1})", R"({"partition":"1","offset":1})", R"({"partition":1})",
        R"({"partition":1,"offset":18446744073709551615})", R"({"partition":2147483648,"offset":1})",
        R"({"partition":1,"offset":1.5})", R"({"partition":1,"offset":1,"ofset":2})",
        R"({"partition":1,"offset":1,"offset":2})", R"({"partition":1,"partition":1,"offset":1})", "\xff"}) {
    EXPECT_EQ(skip(bad).status, 400) << bad;
  }
  EXPECT_EQ(skip(std::string(4000, '[')).status, 400);
  EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {"Content-Type: application/json"})).status, 400);
  EXPECT_EQ(skipped.first, -1);
  const auto conflict = skip(R"({"partition":9,"offset":1})");
  EXPECT_EQ(conflict.status, 409);
  EXPECT_EQ(conflict.body, "partition 9 is not blocked\n");
}

TEST_F(ServerTest, RenewSaysWhatHappens) {
  const auto first = renew();
  EXPECT_EQ(first.status, 202);
  const auto asked = nlohmann::json::parse(first.body);
  EXPECT_EQ(asked.at("renewal"), 1);
  EXPECT_EQ(asked.at("coalesced"), false);
  EXPECT_EQ(asked.at("text"), "renewal 1 is requested");
  EXPECT_NE(
      renew().body.find("renewal 2 is already in progress; this request is coalesced with it; it waits for the tick"),
      std::string::npos);
  stopping = true;
  EXPECT_EQ(renew().status, 409);
  EXPECT_EQ(renew({"X-Freshet-Request: 1", "Origin: http://evil.example"}).status, 403);
  EXPECT_EQ(renew({}).status, 403);
  EXPECT_NE(renew({}).body.find("X-Freshet-Request: 1"), std::string::npos);
  EXPECT_EQ(renewals, 2u);
}

// `curl -X POST` announces no body, so the server must not wait for one.
TEST_F(ServerTest, APostWithoutABodyIsAnsweredAtOnce) {
  EXPECT_NE(renew().body.find("renewal 1 is requested"), std::string::npos);
  EXPECT_NE(
      ask(testkit::raw_request("POST", "/skip", {"X-Freshet-Request: 1"})).body.find("Content-Type: application/json"),
      std::string::npos);
  EXPECT_EQ(
      ask(testkit::raw_request("POST", "/renew", {"X-Freshet-Request: 1", "Content-Type: multipart/form-data"}, "a"))
          .status,
      415);
}

TEST_F(ServerTest, TheLastRenewalIsShown) {
  EXPECT_EQ(get("/renew").body, "null\n");
  last = RenewalReport{};
  last->number = 7;
  last->mode = RenewalMode::Static;
  last->pause = 14ms;
  last->generation_kept = true;
  const auto shown = nlohmann::json::parse(get("/renew").body);
  EXPECT_EQ(shown.at("number"), 7);
  EXPECT_EQ(shown.at("mode"), "static");
  EXPECT_EQ(shown.at("result"), "renewed");
  EXPECT_EQ(shown.at("pause_ms"), 14);
  EXPECT_EQ(shown.at("generation_kept"), true);
}

TEST_F(ServerTest, AnotherNameForLoopbackIsRefused) {
  EXPECT_EQ(get("/status", {"Host: evil.example:80"}).status, 403);
  EXPECT_EQ(get("/status", {"Host: 127.evil.example"}).status, 403);
  EXPECT_EQ(get("/status", {"Host: localhost:1"}).status, 200);
}

TEST_F(ServerTest, ATakenAddressIsRefusedWithAdvice) {
  const auto second = AdminServer::start(on("127.0.0.1:" + std::to_string(server->port())), {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().text.find("--admin-listen"), std::string::npos);
  EXPECT_NE(second.error().text.find("already in use"), std::string::npos) << second.error().text;
  EXPECT_EQ(get("/health").status, 200);
  EXPECT_FALSE(AdminServer::start(on("nonsense"), {}));
  EXPECT_FALSE(AdminServer::start(on(":8080"), {}));
  EXPECT_FALSE(AdminServer::start(on("192.0.2.1:0"), {}));  // not an address of this machine
}

TEST_F(ServerTest, ListensOnIPv6) {
  const auto there = AdminServer::start(on("[::1]:0"), {});
  // On a machine without IPv6, the error text must say so.
  if (!there && there.error().text.find("assign requested address") != std::string::npos) {
    EXPECT_NE(there.error().text.find("--admin-listen"), std::string::npos) << there.error().text;
    return;
  }
  ASSERT_TRUE(there) << there.error().text;
  EXPECT_EQ((*there)->address(), "http://[::1]:" + std::to_string((*there)->port()) + "/");
  EXPECT_EQ(AdminServer::start(on("[::1]:" + std::to_string((*there)->port())), {}).has_value(), false);
}

TEST_F(ServerTest, IdleAndSlowClientsKeepNobodyWaiting) {
  start("127.0.0.1:0", 2s);
  std::vector<testkit::Fd> peers;
  for (int i = 0; i < 400; ++i) peers.push_back(connect(i % 2 == 0 ? "" : "GET /health HTTP/1.1\r\nX"));
  const auto before = steady_clock::now();
  EXPECT_EQ(get("/health").status, 200);
  EXPECT_EQ(get("/metrics").status, 200);
  EXPECT_LT(steady_clock::now() - before, 30s) << "one after the other they would take minutes";
  // The oldest connection was closed to make room; the others are closed at their deadlines.
  std::string nothing;
  EXPECT_FALSE(testkit::receive(peers.front(), never, nothing));
  EXPECT_FALSE(testkit::receive(peers.back(), never, nothing));
  EXPECT_EQ(nothing, "");
  EXPECT_LT(steady_clock::now() - before, 60s);
}

// The response is larger than the kernel's buffers for a client that does not read.
TEST_F(ServerTest, AnswersThatNobodyTakesAreBounded) {
  metrics = std::string(7'000'000, 'x');
  std::vector<testkit::Fd> peers;
  for (int i = 0; i < 12; ++i) {
    peers.push_back(connect(testkit::raw_request("GET", "/metrics")));
    EXPECT_EQ(get("/health").status, 200);
  }
  EXPECT_EQ(get("/metrics").body.size(), metrics.size()) << "the newest is served";
  int whole = 0;
  for (const testkit::Fd& peer : peers) {
    std::string answer;
    while (testkit::receive(peer, never, answer)) {
    }
    whole += answer.size() > metrics.size() ? 1 : 0;
  }
  EXPECT_LE(whole, 1) << "all others had to go";
}

TEST_F(ServerTest, ARefusedRequestsBodyIsNeverARequest) {
  const std::string second = testkit::raw_request("POST", "/renew", {"X-Freshet-Request: 1"});
  EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {"Content-Type: text/plain"}, second) + second).status, 403);
  EXPECT_EQ(ask(testkit::raw_request("POST", "/renew", {"Origin: http://evil.example"}, second) + second).status, 403);
  EXPECT_EQ(ask(testkit::raw_request("GET", "/health") + second + second).status, 200);
  EXPECT_EQ(renewals, 0u);
}

// An endless sender gets a response, is read for a while and is then disconnected.
TEST_F(ServerTest, AnEndlessSenderIsToldWhyAndCutOff) {
  const testkit::Fd peer = connect("GET / HTTP/1.1\r\n");
  const std::string lines(64 * 1024, 'x');
  size_t sent = 0;
  while (sent < size_t{64} << 20 && testkit::send_all(peer, never, lines)) sent += lines.size();
  EXPECT_LT(sent, size_t{64} << 20);
  EXPECT_EQ(testkit::send_raw(server->port(), "GET / HTTP/1.1\r\n" + std::string(100'000, 'x')).status, 431);
}

TEST_F(ServerTest, ASkipThatWaitsKeepsNobodyWaiting) {
  std::vector<testkit::Fd> waiting;
  for (int i = 0; i < 20; ++i) {
    waiting.push_back(connect(
        testkit::raw_request("POST", "/skip", {"Content-Type: application/json"}, R"({"partition":8,"offset":1})")));
  }
  for (const char* path : {"/health", "/metrics", "/status"}) EXPECT_EQ(get(path).status, 200) << path;
  EXPECT_EQ(renew().status, 202);
  // One request runs and four are queued; the others are refused. Which ones depends on when the first begins to run.
  const auto answered = [&] { return std::count_if(waiting.begin(), waiting.end(), has_input); };
  ASSERT_TRUE(testkit::eventually(30s, [&] { return answered() >= 15; })) << answered();
  for (const testkit::Fd& one : waiting) {
    if (!has_input(one)) continue;
    std::string answer;
    while (testkit::receive(one, never, answer)) {
    }
    EXPECT_EQ(testkit::parse_raw_answer(answer).status, 503);
  }
  const auto before = steady_clock::now();
  server.reset();
  EXPECT_LT(steady_clock::now() - before, 30s);
}

TEST_F(ServerTest, SlowClientsDoNotDelayTheEnd) {
  start("127.0.0.1:0", 10min);
  std::vector<testkit::Fd> peers;
  for (int i = 0; i < 100; ++i) peers.push_back(connect("GET /health HTTP/1.1\r\nX: "));
  const auto before = steady_clock::now();
  server.reset();
  EXPECT_LT(steady_clock::now() - before, 30s);
}

}  // namespace
}  // namespace freshet::admin
