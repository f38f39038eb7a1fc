// Accepted outcomes: sums, repeated items, and when a batch is stored.
#include <gtest/gtest.h>

#include <thread>

#include "outcomes/aggregator.h"
#include "outcomes/distinct_buckets.h"
#include "outcomes/outcomes_writer.h"
#include "ports/failure_latch.h"
#include "testkit/fake_clock.h"

namespace freshet::outcomes {
namespace {

using std::chrono::seconds;

struct Item {
  uint64_t org = 1;
  int64_t received = 0;
  uint32_t category = 4;
  uint64_t quantity = 1;
  unsigned char id = 0;  // 0 = duplicates are not recognised
};

std::string packed(const std::vector<Item>& items) {
  std::string out;
  for (const Item& one : items) {
    OutcomeItem item;
    item.identity.organization_id = one.org;
    item.identity.project_id = 2;
    item.identity.item_id[0] = one.id;
    item.key_id = 3;
    item.received = one.received;
    item.may_repeat = one.id != 0;
    item.counts = 1;
    append_plain(out, item);
    append_plain(out, OutcomeCount{one.quantity, one.category, 0});
  }
  return out;
}

TEST(AggregatorTest, SumsByBucketAndCategory) {
  const std::string one = packed({{1, 59}, {1, 60}, {1, 119, 4, 5}});
  const std::string two = packed({{1, 61, 7, 2}, {9, 60}, {1, -1}});
  const Aggregate sums = aggregate({one, two}, 60, SeenItems(10));
  const std::map<Bucket, uint64_t> expected = {{{-60, 1, 2, 3, 4}, 1},
                                               {{0, 1, 2, 3, 4}, 1},
                                               {{60, 1, 2, 3, 4}, 6},
                                               {{60, 1, 2, 3, 7}, 2},
                                               {{60, 9, 2, 3, 4}, 1}};
  EXPECT_EQ(sums.quantities, expected);
  EXPECT_EQ(sums.by_category.at(4).messages, 5u);
  EXPECT_EQ(sums.by_category.at(4).quantity, 9u);
  EXPECT_EQ(sums.by_category.at(4).buckets, 4u);
  EXPECT_EQ(sums.by_category.at(7).buckets, 1u);
}

TEST(DistinctBucketsTest, CountsTheRecordsThatABatchBecomes) {
  DistinctBuckets size(60);
  ProcessedChunk chunk;
  chunk.rows = packed({{1, 59}, {1, 60}, {1, 119, 4, 5}, {1, 60, 7}, {9, 60}});
  EXPECT_EQ(size.add(chunk), 4u);
  EXPECT_EQ(size.add(chunk), 4u) << "the same ones again";
  chunk.rows = packed({{1, 120}});
  EXPECT_EQ(size.add(chunk), 5u);
  size.clear();
  EXPECT_EQ(size.add(chunk), 1u);
}

TEST(AggregatorTest, AnItemThatComesTwiceCountsOnce) {
  SeenItems seen(2);
  const Aggregate sums = aggregate({packed({{1, 0, 4, 1, 5}, {1, 0, 4, 1, 5}, {1, 0, 4, 1}, {1, 0, 4, 1}})}, 60, seen);
  EXPECT_EQ(sums.quantities.begin()->second, 3u);
  EXPECT_EQ(sums.duplicates, 1u);
  seen.remember(sums.items);
  EXPECT_EQ(aggregate({packed({{1, 0, 4, 1, 5}})}, 60, seen).duplicates, 1u);
  EXPECT_EQ(aggregate({packed({{2, 0, 4, 1, 5}})}, 60, seen).duplicates, 0u) << "another organization's";
}

TEST(SeenItemsTest, ForgetsTheOldest) {
  SeenItems seen(2);
  const auto identity = [](unsigned char id) {
    ItemIdentity item;
    item.item_id[15] = id;
    return item;
  };
  for (unsigned char id = 1; id <= 3; ++id) seen.remember({identity(id)});
  EXPECT_FALSE(seen.contains(identity(1)));
  EXPECT_TRUE(seen.contains(identity(2)));
  EXPECT_TRUE(seen.contains(identity(3)));
  EXPECT_EQ(seen.size(), 2u);
}

TEST(OutcomeRecordTest, IsTheReferencesBytes) {
  EXPECT_EQ(outcome_record({1'569'750'360, 1, 2, 3, 4}, 5, {}),
            R"({"timestamp":"2019-09-29T09:46:00.000000Z","org_id":1,"project_id":2,"key_id":3,"outcome":0,)"
            R"("category":4,"quantity":5})");
  const SystemTime now = SystemTime(seconds(1'569'750'361)) + std::chrono::microseconds(1500);
  for (const int64_t start : {int64_t{0}, int64_t{253'402'300'800}, int64_t{INT64_MIN}}) {
    EXPECT_NE(outcome_record({start, 1, 2, 3, 4}, 5, now).find("2019-09-29T09:46:01.001500Z"), std::string::npos);
  }
}

// Accepts records; the test decides on the results.
class FakeTopic final : public RecordProducer {
 public:
  Status produce(const ProducerRecordView& record, uint64_t ticket) override {
    MutexLock lock(mutex);
    if (full > 0) {
      --full;
      return failure(ErrorKind::Retry, "queue full");
    }
    if (latch.latched()) return failure(ErrorKind::Retry, "failed records are retried first");
    taken.emplace_back(ticket, *record.value);
    return {};
  }
  void reset() override { latch.reset(); }
  void purge() override {
    MutexLock lock(mutex);
    purged = true;
  }
  void answer(const RecordProducer::OnResult& tell, bool ok) {
    std::pair<uint64_t, std::string> one;
    {
      MutexLock lock(mutex);
      one = taken.front();
      taken.erase(taken.begin());
      if (ok) {
        stored.push_back(one.second);
      } else {
        latch.begin();
      }
    }
    tell(one.first, ok ? Status() : failure(ErrorKind::Retry, "not delivered"));
    if (!ok) latch.end();
  }
  size_t waiting() {
    MutexLock lock(mutex);
    return taken.size();
  }

  Mutex mutex;
  int full = 0;
  FailureLatch latch;
  bool purged = false;
  std::vector<std::pair<uint64_t, std::string>> taken;
  std::vector<std::string> stored;
};

struct Writing {
  testkit::FakeClock clock;
  FakeTopic topic;
  OutcomeResults results;
  Metrics metrics;
  OutcomesWriter writer{60, topic, results, clock, null_log(), metrics};
  RecordProducer::OnResult tell = results.on_result();
  RowLayout layout;
  std::stop_source stop;
  std::string rows;
  WriteOutcome outcome{WriteOutcome::Kind::Rejected, 0, "", {}};
  std::jthread thread;

  void write(std::vector<Item> items) {
    rows = packed(items);
    thread = std::jthread([this] {
      outcome = writer.write({&layout, {rows}, {}, 1, rows.size(), ""}, {stop.get_token(), {}});
    });
  }
  void wait_for_records(size_t n) {
    while (topic.waiting() < n) std::this_thread::yield();
  }
};

TEST(OutcomesWriterTest, ABatchIsWrittenWhenTheBrokerHasAllOfIt) {
  Writing w;
  w.write({{1, 60}, {2, 60}, {1, 61}});
  w.wait_for_records(2);
  w.topic.answer(w.tell, true);
  w.clock.settle();
  EXPECT_EQ(w.outcome.kind, WriteOutcome::Kind::Rejected) << "not yet";
  w.topic.answer(w.tell, true);
  w.thread.join();
  EXPECT_EQ(w.outcome.kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.topic.stored.size(), 2u);
}

TEST(OutcomesWriterTest, WhatComesBackOrIsNotTakenGoesAgain) {
  Writing w;
  w.topic.full = 1;
  w.write({{1, 60}});
  w.clock.settle();
  EXPECT_EQ(w.topic.waiting(), 0u);
  w.clock.advance(seconds(1));
  w.wait_for_records(1);
  w.topic.answer(w.tell, false);
  w.clock.settle();
  w.clock.advance(seconds(1));
  w.wait_for_records(1);
  w.topic.answer(w.tell, true);
  w.thread.join();
  EXPECT_EQ(w.outcome.kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.topic.stored.size(), 1u);
}

TEST(OutcomesWriterTest, ItemsOfAnAbandonedBatchAreNotRemembered) {
  Writing w;
  w.write({{1, 60, 4, 1, 9}});
  w.wait_for_records(1);
  w.stop.request_stop();
  w.thread.join();
  EXPECT_EQ(w.outcome.kind, WriteOutcome::Kind::Abandoned);
  EXPECT_TRUE(w.topic.purged);
  w.topic.answer(w.tell, false);
  w.stop = std::stop_source();
  w.write({{1, 60, 4, 1, 9}});
  w.wait_for_records(1);
  w.topic.answer(w.tell, true);
  w.thread.join();
  EXPECT_EQ(w.topic.stored.size(), 1u);
  w.write({{1, 60, 4, 1, 9}});
  w.thread.join();
  EXPECT_EQ(w.outcome.kind, WriteOutcome::Kind::Written);
  EXPECT_EQ(w.topic.stored.size(), 1u) << "counted already";
}

}  // namespace
}  // namespace freshet::outcomes
