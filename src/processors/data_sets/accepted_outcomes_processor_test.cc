#include "processors/data_sets/accepted_outcomes_processor.h"

#include <gtest/gtest.h>

#include "outcomes/outcome_item.h"
#include "processors/registry.h"
#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

std::string short_bytes_field(int field, std::string_view bytes) {
  return std::string{static_cast<char>(field << 3 | 2), static_cast<char>(bytes.size())} + std::string(bytes);
}
std::string small_number_field(int field, int value) {
  return {static_cast<char>(field << 3), static_cast<char>(value)};
}

class AcceptedOutcomesTest : public testing::Test {
 protected:
  ProcessResult process(std::string_view payload) {
    if (!processor_) {
      settings_.processor = "AcceptedOutcomes";
      processor_ = (*make_factory(settings_, {&clock_, &metrics_, &live_}))();
    }
    Message message;
    message.payload = payload;
    rows_.clear();
    const MessageContext context{"snuba-items", Partition{0}};
    processor_->begin_chunk(context, {&message, 1});
    return processor_->process(context, message, rows_);
  }
  OutcomeItem item() const {
    std::string_view in = rows_;
    OutcomeItem item;
    EXPECT_TRUE(take_plain(in, item));
    EXPECT_EQ(in.size(), item.counts * sizeof(OutcomeCount));
    return item;
  }

  ProcessorsSettings settings_;
  testkit::FakeClock clock_;
  Metrics metrics_;
  Snapshot<LiveOptions> live_{LiveOptions{}};
  std::unique_ptr<Processor> processor_;
  std::string rows_;
};

const std::string kBilledSpan = small_number_field(1, 4) + small_number_field(2, 5) +
                                short_bytes_field(3, "0123456789abcdef0123456789abcdef") +
                                short_bytes_field(4, "0123456789abcdef") + small_number_field(5, 1) +
                                short_bytes_field(6, small_number_field(1, 9));

TEST_F(AcceptedOutcomesTest, AnItemSaysWhatItCostsAndWhoItIs) {
  const std::string received = std::string("\xaa\x06") + short_bytes_field(0, small_number_field(1, 100)).substr(1);
  const std::string outcomes = std::string("\xf2\x06\x0c") +
                               short_bytes_field(1, small_number_field(1, 12) + small_number_field(2, 3)) +
                               short_bytes_field(1, small_number_field(1, 1)) + small_number_field(2, 77);
  EXPECT_EQ(process(kBilledSpan + received + outcomes).row_count, 1u);
  const OutcomeItem one = item();
  EXPECT_EQ(one.identity.organization_id, 4u);
  EXPECT_EQ(one.identity.project_id, 5u);
  EXPECT_EQ(one.identity.trace_id[0], 0x01);
  EXPECT_EQ(one.identity.trace_id[15], 0xef);
  EXPECT_EQ(one.identity.item_id[15], 'f');
  EXPECT_EQ(one.identity.timestamp, 9u);
  EXPECT_EQ(one.key_id, 77u);
  EXPECT_EQ(one.received, 100);
  EXPECT_TRUE(one.may_repeat);
  ASSERT_EQ(one.counts, 2u);
  std::string_view counts = std::string_view(rows_).substr(sizeof(OutcomeItem));
  OutcomeCount count;
  ASSERT_TRUE(take_plain(counts, count));
  EXPECT_EQ(count.category, 12u);
  EXPECT_EQ(count.quantity, 3u);
  ASSERT_TRUE(take_plain(counts, count));
  EXPECT_EQ(count.category, 1u);
  EXPECT_EQ(count.quantity, 0u);
}

TEST_F(AcceptedOutcomesTest, OnlyWhatIsNoMessageIsInvalid) {
  const std::string outcomes = std::string("\xf2\x06\x04") + short_bytes_field(1, small_number_field(1, 12));
  EXPECT_EQ(process(outcomes).row_count, 1u);
  EXPECT_FALSE(item().may_repeat);
  EXPECT_EQ(item().identity.trace_id, (std::array<unsigned char, 16>{}));
  EXPECT_EQ(process(kBilledSpan + short_bytes_field(4, "short") + outcomes).row_count, 1u);
  EXPECT_FALSE(item().may_repeat);
  EXPECT_EQ(process(kBilledSpan).kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(rows_, "");
  EXPECT_EQ(process("\x0a").kind, ProcessResult::Kind::Invalid);
}

TEST_F(AcceptedOutcomesTest, TheOlderGenerationLeavesOutWhatIsFarFromNow) {
  settings_.june = true;
  clock_.advance(std::chrono::hours(24 * 365));
  EXPECT_EQ(process(kBilledSpan).kind, ProcessResult::Kind::Rows);
  LiveOptions options;
  options.processors.eap_drop_invalid_timestamps = true;
  live_.set(options);
  EXPECT_EQ(process(kBilledSpan).kind, ProcessResult::Kind::Skip);
}

}  // namespace
}  // namespace freshet::processors
