#include "testkit/fault_proxy.h"

#include <gtest/gtest.h>

#include <thread>

#include "testkit/child_process.h"

namespace freshet::testkit {
namespace {

using namespace std::chrono_literals;

// Answers each request with its body, and records it.
class Echo {
 public:
  uint16_t port() const { return server_.port(); }
  std::vector<std::string> got() const {
    const std::lock_guard lock(mutex_);
    return got_;
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  void serve(const Fd& client, const StopFlag& stop) {
    WireReader reader(client, stop);
    for (WireMessage request; reader.read_head(request) && reader.read_body(request);) {
      {
        const std::lock_guard lock(mutex_);
        got_.push_back(request.body);
        lines_.push_back(request.start_line);
      }
      send_all(client, stop, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    }
  }

  mutable std::mutex mutex_;
  std::vector<std::string> got_;
  std::vector<std::string> lines_;
  LoopbackServer server_{[this](Fd client, const StopFlag& stop) { serve(client, stop); }};
};

struct FaultProxyTest : testing::Test {
  // Sends a request on a new connection, which the caller keeps open as long as it wants an answer.
  Fd send(const std::string& query, const std::string& body) {
    Fd client = connect_to_loopback(proxy.port());
    send_all(
        client, stop,
        "POST /?query=" + query + " HTTP/1.1\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client;
  }
  bool answered(const Fd& client) {
    WireReader reader(client, stop);
    WireMessage answer;
    return reader.read_head(answer) && reader.read_body(answer) && answer.body == "ok";
  }

  StopFlag stop;
  Echo server;
  FaultProxy proxy{server.port()};
};

TEST_F(FaultProxyTest, RulesChangeAndRefuseRequests) {
  proxy.set_rules({{{"query"}}, 60, 3});
  EXPECT_TRUE(answered(send("1&database=d", "abc")));
  EXPECT_EQ(server.lines(), std::vector<std::string>{"POST /?query=1 HTTP/1.1"});
  EXPECT_FALSE(answered(send("1", "abcd")));
  EXPECT_FALSE(answered(send(std::string(60, 'x'), "")));
  EXPECT_EQ(proxy.refused(), 2u);
  EXPECT_EQ(server.lines().size(), 1u);
}

TEST_F(FaultProxyTest, AHeldRequestReachesTheServerAfterItsClientIsGone) {
  proxy.set(Fault::of(Fault::Kind::Hold), 1);
  Fd client = send("INSERT", "late");
  ASSERT_TRUE(proxy.wait_for_held(1, 60s));
  client.reset();
  EXPECT_TRUE(answered(send("INSERT", "early")));
  EXPECT_EQ(proxy.answered_late(), 0u);
  proxy.clear();
  EXPECT_TRUE(eventually(60s, [&] { return proxy.answered_late() == 1; }));
  EXPECT_EQ(server.got(), (std::vector<std::string>{"early", "late"}));
}

TEST_F(FaultProxyTest, AFaultMayBeForInsertsOnly) {
  Fault fault = Fault::of(Fault::Kind::LoseAnswer);
  fault.inserts_only = true;
  proxy.set(fault, 1);
  EXPECT_TRUE(answered(send("SELECT", "a")));
  EXPECT_EQ(proxy.faults(), 0u);
  EXPECT_FALSE(answered(send("INSERT", "b")));
  EXPECT_TRUE(answered(send("INSERT", "c")));
  EXPECT_EQ(server.got(), (std::vector<std::string>{"a", "b", "c"}));
}

}  // namespace
}  // namespace freshet::testkit
