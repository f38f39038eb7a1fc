#include "kafka/kafka_producer.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <memory>
#include <set>
#include <string>

#include "base/mutex.h"

namespace freshet::kafka {
namespace {

constexpr int16_t kInitProducerId = 22;

// A broker that can refuse the next InitProducerId request.
class RefusingBroker {
 public:
  RefusingBroker() {
    std::array<char, 512> text{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    // hides the warning about missing bootstrap.servers
    rd_kafka_conf_set(conf, "log_level", "3", text.data(), text.size());
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, text.data(), text.size()));
    cluster_.reset(rd_kafka_mock_cluster_new(client_.get(), 1));
    rd_kafka_mock_topic_create(cluster_.get(), "t", 8, 1);
  }
  std::string address() const { return rd_kafka_mock_cluster_bootstraps(cluster_.get()); }
  void refuse_next() {
    rd_kafka_mock_push_request_errors(cluster_.get(), kInitProducerId, 1,
                                      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED);
  }
  // Also if the client loses an answer: librdkafka 2.10 and later drops the bootstrap connection once it knows the
  // broker.
  void refuse_until_accept() {
    for (int i = 0; i < 5; ++i) refuse_next();
  }
  void accept() { rd_kafka_mock_clear_request_errors(cluster_.get(), kInitProducerId); }
  void answer_after(std::chrono::milliseconds delay) {
    rd_kafka_mock_broker_set_rtt(cluster_.get(), 1, static_cast<int>(delay.count()));
  }

 private:
  Client client_;
  std::unique_ptr<rd_kafka_mock_cluster_t, Freed<rd_kafka_mock_cluster_destroy>> cluster_;
};

// Records of a client that failed are reported before another client replaces it and before any newer record is taken.
TEST(KafkaProducerTest, AFatalErrorLosesNoResultAndNoOrder) {
  constexpr uint64_t kRecords = 2000;
  RefusingBroker broker;
  broker.refuse_next();
  Mutex mutex;
  CondVar answered;
  std::set<uint64_t> open;
  bool stored = false;
  bool overtook = false;
  uint64_t last_accepted = 0;
  uint64_t told_after = 0;  // the newest record that was accepted before a failure was reported
  Metrics metrics;
  ProducerSettings settings;
  settings.topic = "t";
  settings.connection.bootstrap_servers = broker.address();
  auto producer = KafkaProducer::open(
      settings, "record", RecordOrder::Any,
      [&](uint64_t ticket, const Status& result) {
        MutexLock lock(mutex);
        open.erase(ticket);
        if (!result) told_after = last_accepted;
        overtook = overtook || (result && ticket <= told_after);
        stored = stored || result;
        answered.notify_all();
      },
      null_log(), metrics);
  ASSERT_TRUE(producer) << producer.error().text;
  const auto produce = [&](uint64_t ticket) {  // without the mutex: it may wait for the thread that reports results
    const std::string key = std::to_string(ticket);
    {
      MutexLock lock(mutex);
      open.insert(ticket);
    }
    const Status taken = (*producer)->produce({key, "value", {}}, ticket);
    MutexLock lock(mutex);
    if (taken) {
      last_accepted = ticket;
    } else {
      open.erase(ticket);
    }
  };
  uint64_t ticket = 0;
  while (ticket < kRecords) produce(++ticket);
  // Until the client is replaced, whose queue then takes records again.
  const auto nothing_stored = [&] {
    MutexLock lock(mutex);
    return !stored;
  };
  while (nothing_stored()) produce(++ticket);
  MutexLock lock(mutex);
  const bool all = answered.wait_for(mutex, std::chrono::seconds(120), [&] { return open.empty(); });
  EXPECT_TRUE(all) << open.size() << " records were never answered";
  EXPECT_FALSE(overtook) << "a record stands before an older one that failed";
}

// The caller can then put returned records before anything newer.
TEST(KafkaProducerTest, AFailedResultLatchesAnOrderedProducerUntilTheReset) {
  RefusingBroker broker;
  broker.refuse_until_accept();
  broker.answer_after(std::chrono::seconds(2));  // so that the client takes records before its fatal error
  Mutex mutex;
  CondVar changed;
  int failed = 0;
  bool reported = false;  // the first failure may be reported to its end
  bool stored = false;
  Metrics metrics;
  ProducerSettings settings;
  settings.topic = "t";
  settings.connection.bootstrap_servers = broker.address();
  auto producer = KafkaProducer::open(
      settings, "record", RecordOrder::Keep,
      [&](uint64_t, const Status& result) {
        MutexLock lock(mutex);
        stored = stored || result;
        if (!result) ++failed;
        changed.notify_all();
        if (!result) changed.wait(mutex, [&] { return reported; });
      },
      null_log(), metrics);
  ASSERT_TRUE(producer) << producer.error().text;
  int taken = 0;
  for (uint64_t ticket = 1; ticket <= 10; ++ticket) taken += (*producer)->produce({"key", "value", {}}, ticket) ? 1 : 0;
  ASSERT_GT(taken, 0);
  const auto expect_latched = [&](const char* when) {
    const Status latched = (*producer)->produce({"key", "value", {}}, 11);
    ASSERT_FALSE(latched) << when;
    EXPECT_EQ(latched.error().kind, ErrorKind::Retry);
    EXPECT_NE(latched.error().text.find("retried first"), std::string::npos) << when << ": " << latched.error().text;
  };
  {
    MutexLock lock(mutex);
    ASSERT_TRUE(changed.wait_for(mutex, std::chrono::seconds(120), [&] { return failed == 1; }));
  }
  expect_latched("a failure is being reported");
  (*producer)->reset();
  expect_latched("the caller may not have the failure yet");
  {
    MutexLock lock(mutex);
    reported = true;
    changed.notify_all();
    ASSERT_TRUE(changed.wait_for(mutex, std::chrono::seconds(120), [&] { return failed == taken; }));
  }
  expect_latched("all failures are reported, and none is acted on");
  broker.answer_after(std::chrono::milliseconds(0));
  broker.accept();
  // One reset acts on all failures once the last report has returned. Further ones have no effect. Then the client is
  // replaced.
  while (!(*producer)->produce({"key", "value", {}}, 12)) {
    (*producer)->reset();
    std::this_thread::yield();
  }
  MutexLock lock(mutex);
  EXPECT_TRUE(changed.wait_for(mutex, std::chrono::seconds(120), [&] { return stored; }));
}

// Blocks in its first line about the producer until it is released.
class StandingLog final : public Log {
 public:
  bool enabled(LogLevel) const noexcept override { return true; }
  void write(const LogEvent& event, std::span<const LogField>) noexcept override {
    if (event.name != "producer_error") return;
    MutexLock lock(mutex_);
    reached_ = true;
    changed_.notify_all();
    changed_.wait(mutex_, [&] { return let_go_; });
  }
  bool await_reached() {
    MutexLock lock(mutex_);
    return changed_.wait_for(mutex_, std::chrono::seconds(120), [&] { return reached_; });
  }
  void let_go() {
    {
      MutexLock lock(mutex_);
      let_go_ = true;
    }
    changed_.notify_all();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool reached_ = false;
  bool let_go_ = false;
};

// The caller of produce(), the consumer loop, must not wait until a replaced client is closed.
TEST(KafkaProducerTest, AClientThatEndsSlowlyIsInNobodysWay) {
  RefusingBroker broker;
  broker.refuse_next();
  StandingLog log;
  Mutex mutex;
  CondVar changed;
  bool stored = false;
  bool returned = false;
  Metrics metrics;
  ProducerSettings settings;
  settings.topic = "t";
  settings.connection.bootstrap_servers = broker.address();
  auto producer = KafkaProducer::open(
      settings, "record", RecordOrder::Any,
      [&](uint64_t, const Status& result) {
        MutexLock lock(mutex);
        stored = stored || result;
        changed.notify_all();
      },
      log, metrics);
  ASSERT_TRUE(producer) << producer.error().text;
  ASSERT_TRUE(log.await_reached()) << "the client has met no fatal error";
  const std::jthread loop([&] {
    while (!(*producer)->produce({"key", "value", {}}, 1)) std::this_thread::yield();
    MutexLock lock(mutex);
    returned = true;
    changed.notify_all();
  });
  {
    MutexLock lock(mutex);
    EXPECT_TRUE(changed.wait_for(mutex, std::chrono::seconds(120), [&] { return returned; }));
    EXPECT_TRUE(changed.wait_for(mutex, std::chrono::seconds(120), [&] { return stored; }));
  }
  log.let_go();
}

}  // namespace
}  // namespace freshet::kafka
