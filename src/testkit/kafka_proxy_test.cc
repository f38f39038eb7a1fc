#include "testkit/kafka_proxy.h"

#include <gtest/gtest.h>

#include <thread>

#include "testkit/child_process.h"

namespace freshet::testkit {
namespace {

using namespace std::chrono_literals;
using Where = KafkaFault::Where;

std::string big_endian(uint32_t value, size_t size) {
  std::string out;
  for (size_t i = size; i-- > 0;) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return out;
}

std::string request(KafkaApi api, uint32_t correlation_id, const std::string& body = "body") {
  const std::string client = "tester";
  const std::string rest = big_endian(static_cast<uint16_t>(api), 2) + big_endian(3, 2) +
                           big_endian(correlation_id, 4) + big_endian(static_cast<uint32_t>(client.size()), 2) +
                           client + body;
  return big_endian(static_cast<uint32_t>(rest.size()), 4) + rest;
}

uint32_t read_number(const std::string& bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

// Answers each request in order with its correlation id, and records it.
class Broker {
 public:
  uint16_t port() const { return server_.port(); }
  std::vector<uint32_t> got() const {
    const std::lock_guard lock(mutex_);
    return got_;
  }

 private:
  void serve(const Fd& client, const StopFlag& stop) {
    std::string bytes;
    while (receive(client, stop, bytes)) {
      while (bytes.size() >= 4 && bytes.size() >= 4 + read_number(bytes, 0)) {
        const uint32_t id = read_number(bytes, 8);
        bytes.erase(0, 4 + read_number(bytes, 0));
        {
          const std::lock_guard lock(mutex_);
          got_.push_back(id);
        }
        send_all(client, stop, big_endian(4, 4) + big_endian(id, 4));
      }
    }
  }

  mutable std::mutex mutex_;
  std::vector<uint32_t> got_;
  LoopbackServer server_{[this](Fd client, const StopFlag& stop) { serve(client, stop); }};
};

class KafkaProxyTest : public testing::Test {
 protected:
  struct Client {
    explicit Client(uint16_t port) : fd(connect_to_loopback(port)) {
      reader = std::jthread([this] {
        std::string bytes;
        while (receive(fd, stop, bytes)) {
          const std::lock_guard lock(mutex);
          while (bytes.size() >= 8) {
            answers.push_back(read_number(bytes, 4));
            bytes.erase(0, 8);
          }
        }
      });
    }
    ~Client() { stop.set(); }
    void send(KafkaApi api, uint32_t id, const std::string& body = "body") {
      send_all(fd, stop, request(api, id, body));
    }
    std::vector<uint32_t> got() {
      const std::lock_guard lock(mutex);
      return answers;
    }
    bool gets(const std::vector<uint32_t>& ids) {
      return eventually(60s, [&] { return got() == ids; });
    }

    StopFlag stop;
    Fd fd;
    std::mutex mutex;
    std::vector<uint32_t> answers;
    std::jthread reader;
  };

  Broker broker_;
  const int port_ = free_port();
  KafkaProxy proxy_{static_cast<uint16_t>(port_), broker_.port()};
};

TEST_F(KafkaProxyTest, WhatNobodySpoilsPassesAndIsSeen) {
  Client client(static_cast<uint16_t>(port_));
  client.send(KafkaApi::JoinGroup, 1, "of-group-g");
  client.send(KafkaApi::Heartbeat, 2);
  EXPECT_TRUE(client.gets({1, 2}));
  ASSERT_TRUE(proxy_.wait_for(KafkaApi::JoinGroup, 1));
  const auto seen = proxy_.seen(KafkaApi::JoinGroup);
  EXPECT_EQ(seen[0].client_id, "tester");
  EXPECT_EQ(seen[0].version, 3);
  EXPECT_EQ(seen[0].correlation_id, 1);
  EXPECT_TRUE(seen[0].mentions("of-group-g"));
  EXPECT_EQ(proxy_.count(KafkaApi::SyncGroup), 0u);
}

TEST_F(KafkaProxyTest, FramesThatArriveInPiecesAreOneRequest) {
  Client client(static_cast<uint16_t>(port_));
  const std::string bytes = request(KafkaApi::Fetch, 1) + request(KafkaApi::Fetch, 2);
  for (const char byte : bytes) send_all(client.fd, client.stop, std::string_view(&byte, 1));
  EXPECT_TRUE(client.gets({1, 2}));
  EXPECT_EQ(proxy_.count(KafkaApi::Fetch), 2u);
}

TEST_F(KafkaProxyTest, ARequestIsDelayedAndWhatFollowsWaitsBehindItOnThatConnectionOnly) {
  proxy_.set(KafkaApi::JoinGroup, KafkaFault::hold(Where::Request));
  Client one(static_cast<uint16_t>(port_));
  Client two(static_cast<uint16_t>(port_));
  one.send(KafkaApi::JoinGroup, 1);
  one.send(KafkaApi::Heartbeat, 2);
  ASSERT_TRUE(proxy_.wait_for(KafkaApi::Heartbeat, 1));
  two.send(KafkaApi::Heartbeat, 3);
  EXPECT_TRUE(two.gets({3}));
  EXPECT_EQ(broker_.got(), std::vector<uint32_t>{3}) << "the broker has not got the others";
  proxy_.clear(KafkaApi::JoinGroup);
  EXPECT_TRUE(one.gets({1, 2})) << "at once";
}

TEST_F(KafkaProxyTest, AnAnswerIsDelayedWhileTheBrokerHasTheRequest) {
  proxy_.set(KafkaApi::JoinGroup, KafkaFault::delay(Where::Answer, 300ms));
  Client client(static_cast<uint16_t>(port_));
  const auto begun = std::chrono::steady_clock::now();
  client.send(KafkaApi::JoinGroup, 1);
  EXPECT_TRUE(eventually(60s, [&] { return broker_.got().size() == 1; }));
  EXPECT_TRUE(client.gets({1}));
  EXPECT_GE(std::chrono::steady_clock::now() - begun, 300ms);
  EXPECT_EQ(proxy_.faults(KafkaApi::JoinGroup), 1u);
}

TEST_F(KafkaProxyTest, OneIsSwallowedAndTheNextPasses) {
  for (const Where where : {Where::Request, Where::Answer}) {
    KafkaFault fault = KafkaFault::swallow(where);
    fault.times = 1;
    proxy_.set(KafkaApi::OffsetCommit, fault);
    Client client(static_cast<uint16_t>(port_));
    const size_t before = broker_.got().size();
    client.send(KafkaApi::OffsetCommit, 1);
    client.send(KafkaApi::OffsetCommit, 2);
    EXPECT_TRUE(client.gets({2}));
    EXPECT_EQ(broker_.got().size() - before, where == Where::Request ? 1u : 2u);
  }
}

TEST_F(KafkaProxyTest, AFrameIsLostWithItsConnection) {
  for (const Where where : {Where::Request, Where::Answer}) {
    KafkaFault fault = KafkaFault::cut(where);
    fault.times = 1;
    proxy_.set(KafkaApi::OffsetCommit, fault);
    const size_t before = broker_.got().size();
    Client client(static_cast<uint16_t>(port_));
    client.send(KafkaApi::OffsetCommit, 1);
    client.reader.join();  // the proxy closes the connection
    EXPECT_TRUE(client.got().empty());
    EXPECT_EQ(broker_.got().size() - before, where == Where::Request ? 0u : 1u);
    Client next(static_cast<uint16_t>(port_));
    next.send(KafkaApi::OffsetCommit, 2);
    EXPECT_TRUE(next.gets({2}));
  }
}

TEST_F(KafkaProxyTest, ARequestArrivesAfterItsConnectionWasCutAndAfterALaterOne) {
  KafkaFault fault = KafkaFault::deliver_late(1h);
  fault.times = 1;
  proxy_.set(KafkaApi::OffsetCommit, fault);
  Client client(static_cast<uint16_t>(port_));
  client.send(KafkaApi::OffsetCommit, 1);
  client.reader.join();
  Client next(static_cast<uint16_t>(port_));
  next.send(KafkaApi::OffsetCommit, 2);
  EXPECT_TRUE(next.gets({2}));
  proxy_.clear(KafkaApi::OffsetCommit);
  EXPECT_TRUE(eventually(60s, [&] { return broker_.got() == std::vector<uint32_t>{2, 1}; }));
}

TEST_F(KafkaProxyTest, TheBrokerGetsARequestTwiceAndTheClientOneAnswer) {
  KafkaFault fault = KafkaFault::repeat();
  fault.times = 1;
  proxy_.set(KafkaApi::OffsetCommit, fault);
  Client client(static_cast<uint16_t>(port_));
  client.send(KafkaApi::OffsetCommit, 1);
  client.send(KafkaApi::OffsetCommit, 2);
  EXPECT_TRUE(client.gets({1, 2}));
  EXPECT_EQ(broker_.got(), (std::vector<uint32_t>{1, 1, 2}));
}

TEST_F(KafkaProxyTest, AFaultMayBeForChosenRequestsOnly) {
  KafkaFault fault = KafkaFault::swallow(Where::Request);
  fault.only = [](const KafkaRequest& one) { return one.mentions("mine"); };
  proxy_.set(KafkaApi::JoinGroup, fault);
  Client client(static_cast<uint16_t>(port_));
  client.send(KafkaApi::JoinGroup, 1, "mine");
  client.send(KafkaApi::JoinGroup, 2, "yours");
  EXPECT_TRUE(client.gets({2}));
}

TEST_F(KafkaProxyTest, WhatWaitsIsDeliveredAlsoWhenItsClientIsGone) {
  proxy_.set(KafkaApi::JoinGroup, KafkaFault::hold(Where::Request));
  {
    Client client(static_cast<uint16_t>(port_));
    client.send(KafkaApi::JoinGroup, 1);
    ASSERT_TRUE(proxy_.wait_for(KafkaApi::JoinGroup, 1));
  }
  EXPECT_TRUE(broker_.got().empty());
  proxy_.clear();
  EXPECT_TRUE(eventually(60s, [&] { return broker_.got().size() == 1; }));
}

TEST_F(KafkaProxyTest, AnAnswerIsAlteredForItsVersion) {
  proxy_.set(KafkaApi::Metadata, KafkaFault::alter_answer([](const std::string& frame, int16_t version) {
               return frame.substr(0, 4) + big_endian(static_cast<uint32_t>(version) + read_number(frame, 4), 4);
             }));
  Client client(static_cast<uint16_t>(port_));
  client.send(KafkaApi::Metadata, 100);
  client.send(KafkaApi::Heartbeat, 200);
  EXPECT_TRUE(client.gets({103, 200}));
}

TEST(WithoutBrokersTest, OnlyTheListOfBrokersIsTakenOut) {
  using namespace std::string_literals;
  const std::string head = big_endian(7, 4) + "\0"s + big_endian(0, 4);  // correlation id, no tags, no throttling
  const std::string with_rack = big_endian(1, 4) + "\x05host" + big_endian(9092, 4) + "\x02r" + "\0"s;
  const std::string without_rack = big_endian(2, 4) + "\x05tsoh" + big_endian(9092, 4) + "\0\0"s;
  const auto frame = [&](const std::string& brokers) {
    const std::string rest = head + brokers + "the rest";
    return big_endian(static_cast<uint32_t>(rest.size()), 4) + rest;
  };
  EXPECT_EQ(without_brokers(frame("\x03" + with_rack + without_rack), 13), frame("\x01"));
  EXPECT_EQ(without_brokers(frame("\x01"), 9), frame("\x01"));
  EXPECT_THROW(without_brokers(frame("\x01"), 8), std::runtime_error);
}

TEST_F(KafkaProxyTest, ItEndsWhateverWaits) {
  proxy_.set({KafkaApi::JoinGroup, KafkaApi::Heartbeat}, KafkaFault::hold(Where::Request));
  Client client(static_cast<uint16_t>(port_));
  client.send(KafkaApi::JoinGroup, 1);
  client.send(KafkaApi::Heartbeat, 2);
  ASSERT_TRUE(proxy_.wait_for(KafkaApi::Heartbeat, 1));
}

}  // namespace
}  // namespace freshet::testkit
