// Decisions before the processor, and the stats of a chunk.
#include "stream/message_filter.h"

#include <gtest/gtest.h>

#include "stream/insert_token.h"
#include "stream/processing.h"
#include "testkit/fake_clock.h"

namespace freshet::stream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Headers final : MessageMemory {
  std::vector<HeaderView> list;
  void release(void*) const noexcept override {}
  void headers(const void*, std::vector<HeaderView>& out) const override { out = list; }
};

class LengthSchema final : public SchemaValidator {
 public:
  std::optional<std::string> why_invalid(std::string_view payload) override {
    return payload.size() > 3 ? std::optional<std::string>("too long") : std::nullopt;
  }
};

struct MessageFilterTest : testing::Test {
  Message message(std::string_view payload, int64_t timestamp_ms = 0) {
    Message out(&memory, nullptr, &memory);
    out.payload = payload;
    out.timestamp_ms = timestamp_ms;
    return out;
  }
  std::unique_ptr<MessageFilter> filter(bool with_schema = false) {
    auto out = std::make_unique<MessageFilter>(settings, metrics, clock, &live,
                                               with_schema ? std::make_unique<LengthSchema>() : nullptr);
    out->begin_chunk();
    return out;
  }
  int64_t now_ms() const {
    return std::chrono::duration_cast<milliseconds>(clock.system_now().time_since_epoch()).count();
  }

  Headers memory;
  Metrics registry;
  StreamMetrics metrics{registry};
  testkit::FakeClock clock;
  Snapshot<LiveOptions> live{LiveOptions()};
  StreamSettings settings;
};

TEST_F(MessageFilterTest, AHeaderThatIsThereHasToMatch) {
  settings.pre_filter = HeaderFilter{"metric_type", "c"};
  const auto gate = filter();
  EXPECT_FALSE(gate->filter(message("x"))) << "without the header";
  memory.list = {{"other", "d"}, {"metric_type", "c"}};
  EXPECT_FALSE(gate->filter(message("x")));
  memory.list = {{"metric_type", "d"}};
  const auto result = gate->filter(message("x"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, ProcessResult::Kind::Skip);
  memory.list = {{"metric_type", std::nullopt}};
  EXPECT_FALSE(gate->filter(message("x"))) << "a header without a value";
  memory.list = {{"metric_type", ""}};
  EXPECT_TRUE(gate->filter(message("x")));
}

TEST_F(MessageFilterTest, AHeaderMayHaveToSayWhatIsKnown) {
  settings.pre_filter = HeaderFilter{"metric_type", "c", {"c", "s"}};
  const auto gate = filter();
  for (const char* passes : {"c", "x", ""}) {
    memory.list = {{"metric_type", passes}};
    EXPECT_FALSE(gate->filter(message("x"))) << passes;
  }
  memory.list = {{"metric_type", "s"}};
  EXPECT_TRUE(gate->filter(message("x")));
}

TEST_F(MessageFilterTest, OldMessagesBecomeDeadLettersThatAreNotLogged) {
  settings.dead_letters_by_age = true;
  LiveOptions options;
  options.dead_letters_by_age = {1.0, seconds(600)};
  clock.advance(std::chrono::hours(24));
  EXPECT_FALSE(filter()->filter(message("x", 0))) << "off until the rate says so";
  live.set(options);
  const auto gate = filter();
  EXPECT_FALSE(gate->filter(message("x", now_ms() - 600'000)));
  const auto result = gate->filter(message("x", now_ms() - 600'001));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, ProcessResult::Kind::Invalid);
  EXPECT_TRUE(result->suppressed);
  EXPECT_TRUE(gate->filter(message("x", -1))) << "without a timestamp it is of 1970";
  EXPECT_EQ(metrics.stale_seen.value(), 2u);
  EXPECT_EQ(metrics.stale_routed.value(), 2u);
  options.dead_letters_by_age.sample_rate = 0.3;
  live.set(options);
  gate->begin_chunk();
  int routed = 0;
  for (int i = 0; i < 2000; ++i) routed += gate->filter(message("x", 0)) ? 1 : 0;
  EXPECT_GT(routed, 450);
  EXPECT_LT(routed, 750);
  settings.skip_write = true;
  EXPECT_FALSE(filter()->filter(message("x", 0)));
}

TEST_F(MessageFilterTest, ExactlyOnceAnOldMessageGetsTheVerdictThatItGotWhenItWasNew) {
  settings.dead_letters_by_age = true;
  settings.delivery = Delivery::ExactlyOnce;
  LiveOptions options;
  options.dead_letters_by_age = {1.0, seconds(600)};
  live.set(options);
  const int64_t timestamp_ms = now_ms();
  EXPECT_FALSE(filter()->filter(message("x", timestamp_ms)));
  clock.advance(std::chrono::hours(24));
  EXPECT_FALSE(filter()->filter(message("x", timestamp_ms)));
  EXPECT_EQ(metrics.stale_seen.value(), 1u);
  EXPECT_EQ(metrics.stale_routed.value(), 0u);
}

TEST_F(MessageFilterTest, ASchemaIsEnforcedOrItsFailuresAreCounted) {
  settings.schema.sample_rate = 1;
  const auto counting = filter(true);
  EXPECT_FALSE(counting->filter(message("long")));
  EXPECT_EQ(metrics.schema_failed.value(), 1u);
  settings.schema.sample_rate = 0;
  EXPECT_FALSE(filter(true)->filter(message("long")));
  EXPECT_EQ(metrics.schema_failed.value(), 1u);
  settings.schema.enforce = true;
  const auto enforcing = filter(true);
  EXPECT_FALSE(enforcing->filter(message("abc")));
  const auto result = enforcing->filter(message("long"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, ProcessResult::Kind::Invalid);
  EXPECT_FALSE(result->suppressed);
  EXPECT_EQ(result->text, "too long");
}

// Samples every third payload.
class EveryThird final : public PayloadSampler {
 public:
  explicit EveryThird(std::vector<std::string>& seen) : seen_(seen) {}
  uint64_t look_at(std::string_view payload) override {
    seen_.emplace_back(payload);
    return 2;
  }

 private:
  std::vector<std::string>& seen_;
};

TEST_F(MessageFilterTest, ASamplerSeesThePayloadsThatItWants) {
  std::vector<std::string> seen;
  MessageFilter gate(settings, metrics, clock, nullptr, nullptr, std::make_unique<EveryThird>(seen));
  EXPECT_FALSE(gate.filter(Message())) << "without a payload";
  for (const char* text : {"a", "b", "c", "d", "e", "f", "g"}) gate.filter(message(text));
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "d", "g"}));
}

// "r": a row with stats; "z": no row, but stats; anything else: a skip.
class FactsProcessor final : public Processor {
 public:
  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext&, const Message& message, std::string& rows) override {
    if (*message.payload == "s") return ProcessResult::skip("s");
    ProcessResult result = ProcessResult::rows(*message.payload == "z" ? 0 : 1);
    if (result.row_count > 0) rows += "{}\n";
    result.origin_timestamp_ms = message.timestamp_ms - 10;
    result.received_timestamp_ms = message.timestamp_ms - 5;
    result.usage_label = feature_ = message.offset.value % 2 == 0 ? "even" : "odd";
    result.type_label = "span";
    return result;
  }

 private:
  RowLayout layout_;
  std::string feature_;
};

TEST_F(MessageFilterTest, AChunksFactsAreOfItsRowsAndOfItsMessagesWithoutRows) {
  const auto process = [&](bool cover_skipped) {
    Work work;
    int64_t offset = 10;
    for (const char* payload : {"s", "r", "z", "rr", "s"}) {
      Message one = message(payload, 1000 + offset);
      one.offset = Offset{offset++};
      work.chunk.messages.push_back(std::move(one));
    }
    ProcessingRules rules;
    rules.topic = "t";
    rules.cover_skipped = cover_skipped;
    return ChunkProcessor([] { return std::make_unique<FactsProcessor>(); }, rules).process(work);
  };
  const auto chunk = process(true);
  EXPECT_EQ(chunk->covered, (OffsetRange{Offset{10}, Offset{14}}));
  EXPECT_EQ(chunk->covered_timestamp_ms, 1014);
  EXPECT_EQ(chunk->stats.origin_timestamps_ms, (std::vector<int64_t>{1001, 1002, 1003}));
  EXPECT_EQ(chunk->stats.broker.count, 5u);
  EXPECT_EQ(chunk->stats.broker.min_ms, 1010);
  EXPECT_EQ(chunk->stats.origin.sum_ms, 1001 + 1002 + 1003);
  EXPECT_EQ(chunk->stats.received.min_ms, 1006);
  ASSERT_EQ(chunk->stats.usage.size(), 2u);
  EXPECT_EQ(chunk->stats.usage[0].label, "odd");
  EXPECT_EQ(chunk->stats.usage[0].bytes, 3u);
  EXPECT_EQ(chunk->stats.usage[1].bytes, 1u);
  ASSERT_EQ(chunk->stats.types.size(), 1u);
  EXPECT_EQ(chunk->stats.types[0].count, 3u);
  EXPECT_EQ(chunk->stats.types[0].bytes, 4u);
  Hash128 digest;  // for the insert token: offset, timestamp and row bytes of each message with rows
  ASSERT_EQ(chunk->messages.size(), 2u);
  for (const MessageRows& one : chunk->messages) {
    EXPECT_EQ(one.timestamp_ms, 1000 + one.offset.value);
    add_to_digest(digest, chunk->partition, one, std::string_view(chunk->rows).substr(one.rows_begin, one.rows_size));
  }
  EXPECT_EQ(chunk->digest, digest);
  EXPECT_NE(chunk->digest, Hash128{});
  const auto plain = process(false);
  EXPECT_EQ(plain->covered, (OffsetRange{Offset{11}, Offset{13}}));
  EXPECT_TRUE(plain->stats.origin_timestamps_ms.empty());
}

}  // namespace
}  // namespace freshet::stream
