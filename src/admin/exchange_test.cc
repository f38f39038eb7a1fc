// Tests all kinds of requests without a socket.
#include "admin/exchange.h"

#include <gtest/gtest.h>

#include "base/message_text.h"
#include "testkit/raw_http.h"

namespace freshet::admin {
namespace {

struct ExchangeTest : testing::Test {
  ExchangeTest() {
    sources.metrics = [] { return std::string("freshet_x 1\n"); };
    sources.health = [] { return HealthStatus{true, ""}; };
    sources.ready = [] { return HealthStatus{true, ""}; };
    sources.status = [] { return ProcessStatus(); };
    sources.history = [] { return std::string("{}\n"); };
    sources.dead_letters = [] { return std::vector<DeadLetterNote>(); };
    sources.settings = [] { return SettingsStatus(); };
    sources.skip = [this](const SkipOrder& asked, std::stop_token) -> Result<std::string> {
      ++changes;
      return std::to_string(asked.next.value_or(Offset{-1}).value);
    };
    sources.renew = [this]() -> Result<RenewalAsked> { return RenewalAsked{static_cast<uint64_t>(++changes), false}; };
    sources.last_renewal = [] { return std::nullopt; };
  }
  testkit::RawAnswer ask(std::string_view bytes) const {
    return testkit::parse_raw_answer(answer_to(bytes, access, sources));
  }
  // As ask(), but byte by byte.
  testkit::RawAnswer drip(std::string_view bytes) const {
    Exchange exchange(access);
    for (const char byte : bytes) {
      auto progress = exchange.take({&byte, 1});
      if (std::holds_alternative<Exchange::NeedsMore>(progress)) continue;
      if (auto* refused = std::get_if<Response>(&progress)) return testkit::parse_raw_answer(to_bytes(*refused, false));
      return testkit::parse_raw_answer(
          to_bytes(answer(*std::get<Exchange::Accepted>(progress).endpoint, sources, exchange.request(), {}), false));
    }
    return {};
  }
  // Sends `piece` repeatedly until the request is refused. Returns the number of bytes sent and the status.
  std::pair<size_t, int> endless(std::string begin, std::string_view piece) const {
    Exchange exchange(access);
    size_t sent = begin.size();
    auto progress = exchange.take(begin);
    while (std::holds_alternative<Exchange::NeedsMore>(progress) && sent < 10'000'000) {
      progress = exchange.take(piece);
      sent += piece.size();
    }
    const auto* refused = std::get_if<Response>(&progress);
    return {sent, refused ? refused->status : 0};
  }

  AdminSources sources;
  const Access access{true, "", {}};
  int changes = 0;
};

TEST_F(ExchangeTest, TheTableIsWhatIsAnsweredAndListed) {
  for (const Endpoint& one : endpoints()) {
    const bool post = one.method == "POST";
    const auto answered = ask(testkit::raw_request(one.method, one.path, {"Content-Type: application/json"},
                                                   post ? R"({"partition":0,"offset":1})" : ""));
    EXPECT_EQ(answered.status / 100, 2) << one.path << answered.body;
    EXPECT_NE(answered.head.find("Connection: close\r\n"), std::string::npos);
    EXPECT_EQ(answered.head.find("Access-Control"), std::string::npos);
    const auto missing = ask(testkit::raw_request("GET", "/nothing"));
    EXPECT_EQ(missing.status, 404);
    EXPECT_NE(missing.body.find(one.path), std::string::npos);
    EXPECT_NE(missing.body.find(one.about), std::string::npos);
    EXPECT_NE(ask(testkit::raw_request("GET", "/")).body.find(one.about), std::string::npos) << "not on the page";
    const auto wrong = ask(testkit::raw_request("DELETE", one.path));
    EXPECT_EQ(wrong.status, 405);
    EXPECT_NE(wrong.head.find("Allow: "), std::string::npos);
    EXPECT_NE(wrong.head.find(one.method), std::string::npos) << wrong.head;
  }
  EXPECT_EQ(ask(testkit::raw_request("OPTIONS", "/skip", {"Origin: http://127.0.0.1"})).status, 405);
  EXPECT_EQ(ask(testkit::raw_request("GET", "/skip")).status, 405);
}

TEST_F(ExchangeTest, OnePathHasManyForms) {
  for (const char* path : {"/status", "//status", "/status/", "///status//", "/status?a=b", "/status?a=/b//c",
                           "http://127.0.0.1/status", "http://127.0.0.1:8080//status"}) {
    EXPECT_EQ(ask(testkit::raw_request("GET", path)).body, status_json({})) << path;
  }
  for (const char* page : {"/", "//", "/?x", "http://127.0.0.1"}) {
    EXPECT_NE(ask(testkit::raw_request("GET", page)).body.find("<title>freshet"), std::string::npos) << page;
  }
  for (const char* other : {"/statu", "/status/x", "/%73tatus", "/x/../status", "*", "status", "/STATUS"}) {
    EXPECT_EQ(ask(testkit::raw_request("GET", other)).status, 404) << other;
  }
}

// RFC 9112, 3.2.2: the host of an absolute target overrides the header.
TEST_F(ExchangeTest, AnAbsoluteTargetNamesTheHost) {
  for (const char* authority : {"evil.example", "evil.example:8080", "user@127.0.0.1", "127.0.0.1.evil.example", ""}) {
    const std::string url = std::string("http://") + authority;
    EXPECT_EQ(ask(testkit::raw_request("GET", url + "/status")).status, 403) << url;
    EXPECT_EQ(ask(testkit::raw_request("GET", url)).status, 403) << url;
    EXPECT_EQ(ask(testkit::raw_request("POST", url + "/renew", {"X-Freshet-Request: 1"})).status, 403) << url;
  }
  EXPECT_EQ(changes, 0);
  EXPECT_EQ(ask(testkit::raw_request("GET", "http://localhost/status", {"Host: evil.example"})).status, 200);
  EXPECT_EQ(ask("GET http://127.0.0.1/status HTTP/1.1\r\n\r\n").status, 400);  // the header is required nevertheless
}

TEST_F(ExchangeTest, HeadIsAGetWithoutABody) {
  const auto answered = ask(testkit::raw_request("HEAD", "/metrics"));
  EXPECT_EQ(answered.status, 200);
  EXPECT_NE(answered.head.find("Content-Length: 12\r\n"), std::string::npos) << answered.head;
  EXPECT_EQ(answered.body, "");
}

TEST_F(ExchangeTest, ABodyComesWithItsLengthAndAsItIs) {
  const std::string body = R"({"partition":3,"offset":70})";
  const std::string json = "Content-Type: application/json";
  EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {json}, body)).body, "70\n");
  EXPECT_EQ(drip(testkit::raw_request("POST", "/skip", {json}, body)).body, "70\n");
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {json, "Transfer-Encoding: chunked"})).status, 411);
  EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {json, "transfer-encoding: gzip"})).status, 411);
  EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {json, "Content-Encoding: gzip"}, body)).status, 415);
  EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {json, "Expect: 100-continue"}, body)).status, 417);
  EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {json, "Content-Length: 27"}, body)).body,
            "70\n");  // equal duplicates are accepted
  for (const char* length : {"Content-Length: 1, 2", "Content-Length: -1", "Content-Length: x",
                             "Content-Length:", "Content-Length: 99999999999999999999", "Content-Length: 28"}) {
    EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {json, length}, body)).status, 400) << length;
  }
  EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {json}, body + std::string(kMostBodyBytes, ' '))).status, 413);
  EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {json}, body + std::string(kMostBodyBytes - 27, ' '))).status,
            200);
  EXPECT_EQ(changes, 4);
  // An incomplete body gets no response yet.
  EXPECT_EQ(ask(testkit::raw_request("POST", "/skip", {json, "Content-Length: 5"})).status, 0);
}

// Bytes after a request, or after the head of a refused one, are never read as another request.
TEST_F(ExchangeTest, OneRequestAConnection) {
  const std::string second = testkit::raw_request("POST", "/renew", {"X-Freshet-Request: 1"});
  EXPECT_EQ(ask(testkit::raw_request("GET", "/status") + second).body, status_json({}));
  EXPECT_EQ(ask(testkit::raw_request("POST", "/renew", {}, second)).status, 403);
  EXPECT_EQ(ask(testkit::raw_request("POST", "/nothing", {}, second)).status, 404);
  EXPECT_EQ(ask(testkit::raw_request("POST", "/renew", {"Origin: http://evil.example", "X-Freshet-Request: 1"}, second))
                .status,
            403);
  EXPECT_EQ(changes, 0);
  EXPECT_EQ(ask(second + second).status, 202);
  EXPECT_EQ(changes, 1);
}

TEST_F(ExchangeTest, ARangeIsIgnored) {
  std::string parts = "Range: bytes=0-0";
  for (int i = 0; i < 2000; ++i) parts += ",0-";
  const auto answered = ask(testkit::raw_request("GET", "/metrics", {parts}));
  EXPECT_EQ(answered.status, 200);
  EXPECT_EQ(answered.body, "freshet_x 1\n");
  EXPECT_LT(answered.head.size() + answered.body.size(), 2000u);
}

TEST_F(ExchangeTest, EndlessThingsAreRefusedAtTheirBound) {
  const auto bounded = [](const std::pair<size_t, int>& refused, int status) {
    return refused.second == status && refused.first <= kMostHeadBytes + kMostBodyBytes;
  };
  const std::string host = "Host: 127.0.0.1\r\n";
  EXPECT_TRUE(bounded(endless("", "GET"), 431));
  EXPECT_TRUE(bounded(endless("GET /", "a"), 431));
  EXPECT_TRUE(bounded(endless("GET / HTTP/1.1\r\n" + host + "X: ", std::string(1000, 'x')), 431));
  EXPECT_TRUE(bounded(endless("GET / HTTP/1.1\r\n" + host, "X: y\r\n"), 431));
  EXPECT_TRUE(bounded(endless("GET / HTTP/1.1\r\n" + host + "X: y\r\n", " folded\r\n"), 431));
  EXPECT_TRUE(bounded(endless("", "\r\n\n"), 431));
  EXPECT_TRUE(bounded(endless("", "\n"), 400));
  EXPECT_TRUE(bounded(endless("GET / HTTP/1.1\n" + host, "\n"), 431));
  const std::string post = "POST /renew HTTP/1.1\r\n" + host + "X-Freshet-Request: 1\r\n";
  EXPECT_TRUE(bounded(endless(post + "Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), 411));
  EXPECT_TRUE(bounded(endless(post + "Transfer-Encoding: chunked\r\n\r\n", "0"), 411));
  EXPECT_TRUE(bounded(endless(post + "Content-Length: 1000000000\r\n\r\n", "x"), 413));
  EXPECT_EQ(changes, 0);
}

TEST_F(ExchangeTest, WhatIsNoRequestIsRefusedAtOnce) {
  EXPECT_EQ(ask(std::string_view("\x16\x03\x01\x02\x00\x01\x00", 7)).status, 400);  // TLS
  EXPECT_NE(ask("\x16").body.find("without TLS"), std::string::npos);
  EXPECT_EQ(ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status, 505);
  for (const char* bad : {"nonsense\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
                          "GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n", "GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
                          "GET / HTTP/1.1\r\n\r\n", "G\x01T / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                          "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil\r\n\r\n",
                          "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: a\r\nOrigin: b\r\n\r\n",
                          "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\rb\r\n\r\n"}) {
    EXPECT_EQ(ask(bad).status, 400) << bad;
    EXPECT_EQ(drip(bad).status, 400) << bad;
  }
  EXPECT_EQ(ask("GET /health HTTP/1.0\r\n\r\n").status, 200);
  std::string many = "GET /health HTTP/1.1\r\nHost: h\r\n";
  for (size_t i = 0; i < kMostHeaders - 1; ++i) many += "A: b\r\n";
  EXPECT_EQ(ask(many + "\r\n").status, 200);
  EXPECT_EQ(ask(many + "A: b\r\n\r\n").status, 431);
}

TEST_F(ExchangeTest, HealthIsAnsweredUnderAnyName) {
  EXPECT_EQ(ask(testkit::raw_request("GET", "/health", {"Host: freshet.prod.example"})).status, 200);
  EXPECT_EQ(ask(testkit::raw_request("GET", "/status", {"Host: freshet.prod.example"})).status, 403);
  EXPECT_EQ(ask(testkit::raw_request("GET", "/nothing", {"Host: freshet.prod.example"})).status, 403);
}

// An error of a server or a processor may quote a row. Only the log and requests with the token get it.
TEST_F(ExchangeTest, WhatMessagesHoldIsShownWithTheTokenOnly) {
  const std::string reason = "partition 3 is blocked: invalid_json: " + message_text("card 4711") + "; resume at 8";
  sources.ready = [&] { return HealthStatus{false, reason}; };
  sources.status = [&] {
    StreamStatus status;
    status.partitions.push_back({Partition{3}, Offset{7}, {}, {}, {}, true, reason});
    status.waiting_for = status.last_insert_error = status.last_kafka_error = reason;
    return ProcessStatus{"", "", HealthStatus{true, ""}, HealthStatus{false, reason}, status, {}, {}, {}};
  };
  sources.skip = [&](const SkipOrder& asked, std::stop_token) -> Result<std::string> {
    if (asked.next == Offset{1}) return failure(ErrorKind::Invalid, reason);
    return reason;
  };
  sources.dead_letters = [&] {
    return std::vector<DeadLetterNote>{{{}, Partition{3}, Offset{7}, "invalid_json", reason}};
  };
  const Access guarded{true, "secret", {}};
  const std::string json = "Content-Type: application/json";
  const auto bodies = [&](const Access& by, std::string_view token) {
    std::string all;
    for (const char* path : {"/ready", "/status", "/dead-letters"}) {
      all += testkit::parse_raw_answer(answer_to(testkit::raw_request("GET", path, {token}), by, sources)).body;
    }
    for (const char* body : {R"({"partition":3,"offset":1})", R"({"partition":3,"offset":2})"}) {
      all +=
          testkit::parse_raw_answer(answer_to(testkit::raw_request("POST", "/skip", {json, token}, body), by, sources))
              .body;
    }
    return all;
  };
  for (const std::string& hidden :
       {bodies(access, "X: y"), bodies(guarded, "X: y"), bodies(guarded, "Authorization: Bearer wrong"),
        bodies(access, "Authorization: Bearer ")}) {
    EXPECT_EQ(hidden.find("4711"), std::string::npos) << hidden;
    EXPECT_NE(hidden.find("partition 3 is blocked: invalid_json: [may quote messages: see the log"), std::string::npos);
    EXPECT_NE(hidden.find("resume at 8"), std::string::npos);
  }
  const std::string shown = bodies(guarded, "Authorization: Bearer secret");
  EXPECT_NE(shown.find("invalid_json: card 4711; resume at 8"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("may quote"), std::string::npos) << shown;
  EXPECT_EQ(shown.find("\\u000"), std::string::npos) << "marks are not for people";
}

TEST_F(ExchangeTest, WhatASourceThrowsIsAnAnswer) {
  sources.metrics = []() -> std::string { throw std::runtime_error("no metrics"); };
  EXPECT_EQ(ask(testkit::raw_request("GET", "/metrics")).status, 500);
}

}  // namespace
}  // namespace freshet::admin
