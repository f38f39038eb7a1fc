#include "delivery/delivery_queue.h"

#include <gtest/gtest.h>

#include <string>

namespace freshet::delivery {
namespace {

using std::chrono::seconds;

class DeliveryQueueTest : public ::testing::Test {
 protected:
  using Queue = DeliveryQueue<std::string>;

  void add(Queue& queue, int32_t partition, uint64_t id, const std::string& payload, uint64_t assignment = 1) {
    queue.add({Partition{partition}, AssignmentId{assignment}, id, payload});
  }
  // Sends what may be sent, remembers the tickets, and returns the payloads in order.
  std::vector<std::string> send(Queue& queue) {
    std::vector<Queue::Sendable> sendable;
    queue.take_sendable(now_, sendable);
    return payloads(sendable);
  }
  std::vector<std::string> payloads(const std::vector<Queue::Sendable>& sendable) {
    std::vector<std::string> out;
    for (const auto& one : sendable) {
      tickets_[one.item->payload] = one.ticket;
      out.push_back(one.item->payload);
    }
    return out;
  }
  using Payloads = std::vector<std::string>;

  SteadyTime now_{seconds(100)};
  std::map<std::string, uint64_t> tickets_;
};

TEST_F(DeliveryQueueTest, ALaneSendsAgainFromTheFirstThatIsMissingAndPassesNothingThatIsInFlight) {
  Queue queue(Retry::InOrder);
  for (const char* payload : {"a", "b", "c"}) add(queue, 0, 0, payload);
  ASSERT_EQ(send(queue), (Payloads{"a", "b", "c"}));
  queue.failed(tickets_["a"], now_);
  add(queue, 0, 0, "d");
  add(queue, 1, 0, "other");
  now_ += seconds(5);
  EXPECT_EQ(send(queue), (Payloads{"other"})) << "b and c may still be taken";
  EXPECT_EQ(queue.next_deadline(), std::nullopt);
  EXPECT_TRUE(queue.acknowledged(tickets_["b"], now_));
  queue.failed(tickets_["c"], now_);
  EXPECT_EQ(send(queue), Payloads{});
  now_ += seconds(1);
  EXPECT_EQ(queue.next_deadline(), now_);
  EXPECT_EQ(send(queue), (Payloads{"a", "c", "d"}));
}

TEST_F(DeliveryQueueTest, EachRecordIsRetriedByItself) {
  Queue queue(Retry::Each);
  for (const char* payload : {"a", "b"}) add(queue, 0, 0, payload);
  ASSERT_EQ(send(queue), (Payloads{"a", "b"}));
  queue.failed(tickets_["a"], now_);
  add(queue, 0, 0, "c");
  EXPECT_EQ(send(queue), (Payloads{"c"}));
  EXPECT_EQ(queue.next_deadline(), now_ + kRetryDelay);
  now_ += kRetryDelay;
  add(queue, 0, 0, "d");
  EXPECT_EQ(send(queue), (Payloads{"a", "d"}));
}

TEST_F(DeliveryQueueTest, EachGoesInTheOrderInWhichTheRecordsCameWhateverTheirLane) {
  Queue queue(Retry::Each);
  add(queue, 2, 0, "a");
  add(queue, 0, 0, "b");
  add(queue, 2, 0, "c");
  EXPECT_EQ(send(queue), (Payloads{"a", "b", "c"}));
}

TEST_F(DeliveryQueueTest, NoMoreThanTheLimitAreInFlight) {
  Queue queue(Retry::Each, 2);
  for (const char* payload : {"a", "b", "c"}) add(queue, 0, 0, payload);
  EXPECT_EQ(send(queue), (Payloads{"a", "b"}));
  queue.failed(tickets_["b"], now_);
  now_ += kRetryDelay;
  EXPECT_EQ(send(queue), (Payloads{"b"})) << "retries go first";
  EXPECT_TRUE(queue.acknowledged(tickets_["a"], now_));
  EXPECT_EQ(send(queue), (Payloads{"c"}));
}

TEST_F(DeliveryQueueTest, WhoAdmitsNothingHoldsBackNewRecordsAndNoRetries) {
  Queue queue(Retry::Each);
  add(queue, 0, 0, "a");
  ASSERT_EQ(send(queue), (Payloads{"a"}));
  queue.failed(tickets_["a"], now_);
  now_ += kRetryDelay;
  add(queue, 1, 7, "b");
  std::vector<Queue::Sendable> sendable;
  EXPECT_FALSE(queue.take_sendable(now_, sendable, [] { return false; }));
  EXPECT_EQ(payloads(sendable), (Payloads{"a"}));
  const auto waiting = queue.waiting_lanes();
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting.front()->partition, Partition{1});
  EXPECT_EQ(send(queue), (Payloads{"b"}));
}

TEST_F(DeliveryQueueTest, ARejectedRecordStaysUntilItIsDroppedAndNobodyWaitsForIt) {
  for (const Retry retry : {Retry::Each, Retry::InOrder}) {
    Queue queue(retry);
    add(queue, 0, 5, "a");
    add(queue, 0, 6, "b");
    ASSERT_EQ(send(queue), (Payloads{"a", "b"}));
    queue.rejected(tickets_["b"], "too large", now_);
    queue.rejected(tickets_["a"], "too small", now_);
    add(queue, 0, 7, "c");
    now_ += seconds(5);
    EXPECT_EQ(send(queue), (Payloads{"c"}));
    ASSERT_TRUE(queue.first_rejection(Partition{0}));
    EXPECT_EQ(queue.first_rejection(Partition{0})->id, 5u);
    EXPECT_EQ(queue.first_rejection(Partition{0})->reason, "too small");
    EXPECT_EQ(queue.drop_rejected(Partition{0}, 6), (std::vector<uint64_t>{5}));
    EXPECT_EQ(queue.first_rejection(Partition{0})->reason, "too large");
    EXPECT_EQ(queue.drop_rejected(Partition{0}, 100), (std::vector<uint64_t>{6}));
    EXPECT_FALSE(queue.first_rejection(Partition{0}));
    EXPECT_TRUE(queue.acknowledged(tickets_["c"], now_));
    EXPECT_TRUE(queue.empty());
  }
}

TEST_F(DeliveryQueueTest, OfASuspendedLaneNothingIsSentUntilItResumes) {
  for (const Retry retry : {Retry::Each, Retry::InOrder}) {
    Queue queue(retry);
    add(queue, 0, 0, "a");
    ASSERT_EQ(send(queue), (Payloads{"a"}));
    queue.failed(tickets_["a"], now_);
    queue.suspend(Partition{0});
    add(queue, 0, 0, "b");
    add(queue, 1, 0, "other");
    now_ += seconds(5);
    EXPECT_EQ(send(queue), (Payloads{"other"}));
    EXPECT_TRUE(queue.waiting_lanes().empty());
    queue.resume(Partition{0});
    const auto sent = send(queue);
    EXPECT_EQ(std::set(sent.begin(), sent.end()), (std::set<std::string>{"a", "b"}));
  }
}

TEST_F(DeliveryQueueTest, ADroppedLaneIsGoneAndItsLateResultsMeanNothing) {
  for (const Retry retry : {Retry::Each, Retry::InOrder}) {
    Queue queue(retry);
    add(queue, 0, 0, "a");
    ASSERT_EQ(send(queue), (Payloads{"a"}));
    EXPECT_TRUE(queue.in_flight(Partition{0}));
    EXPECT_TRUE(queue.drop(Partition{0}, AssignmentId{1}));
    EXPECT_TRUE(queue.empty(Partition{0}));
    const uint64_t late = tickets_["a"];
    add(queue, 0, 9, "b", 2);
    EXPECT_FALSE(queue.acknowledged(late, now_));
    queue.failed(late, now_);
    queue.rejected(late, "", now_);
    EXPECT_EQ(queue.find(late), nullptr);
    ASSERT_EQ(send(queue), (Payloads{"b"}));
    const auto done = queue.acknowledged(tickets_["b"], now_);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->id, 9u);
    EXPECT_EQ(done->assignment, AssignmentId{2});
    EXPECT_EQ(queue.size(), 0u);
    EXPECT_FALSE(queue.drop(Partition{0}, AssignmentId{2}));
  }
}

TEST_F(DeliveryQueueTest, OnlyAnotherAssignmentStays) {
  Queue queue(Retry::InOrder);
  add(queue, 0, 0, "old");
  add(queue, 0, 1, "new", 2);
  EXPECT_FALSE(queue.drop(Partition{0}, AssignmentId{1}));
  EXPECT_EQ(send(queue), (Payloads{"new"}));
}

TEST_F(DeliveryQueueTest, WhatWaitsBelowALimitIsDroppedUnlessSomeOfTheLaneIsInFlight) {
  Queue queue(Retry::InOrder);
  for (uint64_t id = 1; id <= 3; ++id) add(queue, 0, id, std::to_string(id));
  ASSERT_EQ(send(queue).size(), 3u);
  EXPECT_TRUE(queue.drop_below(Partition{0}, 3).empty());
  for (const char* id : {"1", "2", "3"}) queue.failed(tickets_[id], now_);
  EXPECT_EQ(queue.drop_below(Partition{0}, 3), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(queue.first(Partition{0})->id, 3u);
  now_ += kRetryDelay;
  EXPECT_EQ(send(queue), (Payloads{"3"}));
}

TEST_F(DeliveryQueueTest, SaysSinceWhenTheTopicAnswersNothing) {
  Queue each(Retry::Each);
  Queue in_order(Retry::InOrder);
  for (Queue* queue : {&each, &in_order}) {
    EXPECT_FALSE(queue->unanswered_since());
    add(*queue, 0, 0, "a");
    add(*queue, 0, 1, "b");
    EXPECT_FALSE(queue->unanswered_since()) << "nothing was sent";
    send(*queue);
    EXPECT_EQ(queue->unanswered_since(), now_);
    const SteadyTime sent = now_;
    now_ += seconds(3);
    EXPECT_TRUE(queue->acknowledged(tickets_["b"], now_));
    EXPECT_EQ(queue->unanswered_since(), queue == &each ? now_ : sent) << "in order \"a\" is what others wait for";
    EXPECT_TRUE(queue->acknowledged(tickets_["a"], now_));
    EXPECT_FALSE(queue->unanswered_since());
  }
}

}  // namespace
}  // namespace freshet::delivery
