#include "processors/values/generated_values.h"

#include <gtest/gtest.h>

#include <set>

#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

constexpr int64_t kLastMs = 4'294'967'295'999;

struct GeneratedValuesTest : testing::Test {
  static Message message(int64_t offset, int64_t timestamp_ms) {
    Message out;
    out.offset = Offset{offset};
    out.timestamp_ms = timestamp_ms;
    return out;
  }
  GeneratedValues values(Delivery delivery) { return GeneratedValues({&clock, &metrics, nullptr, delivery}); }
  static Uuid random_id() { return Uuid{{7}}; }

  testkit::FakeClock clock;
  Metrics metrics;
};

TEST_F(GeneratedValuesTest, AtLeastOnceTheTimeIsTheClocksAndIdsAreRandom) {
  clock.set_system(SystemTime(std::chrono::milliseconds(1'700'000'000'123)));
  GeneratedValues at_least_once = values(Delivery::AtLeastOnce);
  at_least_once.begin_chunk();
  at_least_once.begin_message({"t", Partition{1}}, message(5, 1'600'000'000'000));
  clock.advance(std::chrono::seconds(2));
  EXPECT_EQ(at_least_once.chunk_time_ms(), 1'700'000'000'123);
  EXPECT_EQ(at_least_once.now_seconds(), 1'700'000'002);
  EXPECT_EQ(at_least_once.now_ms(), 1'700'000'002'123);
  EXPECT_EQ(at_least_once.now_us(), 1'700'000'002'123'000);
  EXPECT_TRUE(at_least_once.has_time());
  EXPECT_EQ(at_least_once.id(random_id), random_id());
}

TEST_F(GeneratedValuesTest, ExactlyOnceTheTimeIsTheBrokersTimestamp) {
  GeneratedValues exactly_once = values(Delivery::ExactlyOnce);
  exactly_once.begin_chunk();
  exactly_once.begin_message({"t", Partition{1}}, message(5, 1'600'000'000'123));
  EXPECT_EQ(exactly_once.chunk_time_ms(), 1'600'000'000'123);
  EXPECT_EQ(exactly_once.now_seconds(), 1'600'000'000);
  EXPECT_EQ(exactly_once.now_ms(), 1'600'000'000'123);
  EXPECT_EQ(exactly_once.now_us(), 1'600'000'000'123'000);
  EXPECT_TRUE(exactly_once.has_time());
}

TEST_F(GeneratedValuesTest, ExactlyOnceAMissingTimestampIsOf1970AndAnImpossibleOneTheNearest) {
  GeneratedValues exactly_once = values(Delivery::ExactlyOnce);
  for (const auto& [timestamp_ms, now_ms] :
       {std::pair<int64_t, int64_t>{-1, 0}, {INT64_MIN, 0}, {INT64_MAX, kLastMs}}) {
    exactly_once.begin_message({"t", Partition{1}}, message(5, timestamp_ms));
    EXPECT_EQ(exactly_once.now_ms(), now_ms);
    EXPECT_EQ(exactly_once.chunk_time_ms(), now_ms);
    EXPECT_EQ(exactly_once.has_time(), timestamp_ms >= 0);
  }
}

TEST_F(GeneratedValuesTest, ExactlyOnceEachMessageHasItsOwnId) {
  std::set<Uuid> ids;
  for (const char* topic : {"t", "u", "a topic whose name is longer than sixteen characters"}) {
    for (int32_t partition = 0; partition < 10; ++partition) {
      for (int64_t offset = 0; offset < 200; ++offset) {
        for (const int64_t timestamp_ms : {-1, 0, 1}) {
          GeneratedValues one = values(Delivery::ExactlyOnce);
          one.begin_message({topic, Partition{partition}}, message(offset, timestamp_ms));
          ids.insert(one.id(random_id));
        }
      }
    }
  }
  EXPECT_EQ(ids.size(), 18'000u);
  for (const Uuid& id : ids) {
    ASSERT_EQ(id.bytes[6] >> 4, 4) << "version";
    ASSERT_EQ(id.bytes[8] >> 6, 2) << "variant";
  }
}

// The ids are stored, so another version of the program must make the same.
TEST_F(GeneratedValuesTest, TheIdOfAMessageNeverChanges) {
  GeneratedValues exactly_once = values(Delivery::ExactlyOnce);
  exactly_once.begin_message({"ingest-replay-events", Partition{3}}, message(9001, 1'715'933'360'000));
  std::string text(Uuid::kTextSize, ' ');
  exactly_once.id(random_id).write(text.data());
  EXPECT_EQ(text, "acb52cb5-4ea8-4b12-b17a-540107c135fc");
}

}  // namespace
}  // namespace freshet::processors
