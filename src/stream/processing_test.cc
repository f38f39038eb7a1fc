// Memory limits while a chunk becomes rows.
#include "stream/processing.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "stream/dlq_context.h"
#include "stream/message_limits.h"

namespace freshet::stream {
namespace {

class NoMemory final : public MessageMemory {
 public:
  void release(void*) const noexcept override {}
  void headers(const void*, std::vector<HeaderView>&) const override {}
};
const NoMemory kNoMemory;

// Allocates as many MiB, and appends as many MiB of rows, as the payload says ("8 0"); keeps the former.
class TakingProcessor final : public Processor {
 public:
  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext&, const Message& message, std::string& rows) override {
    const std::string text(*message.payload);
    size_t end = 0;
    scratch_.resize(std::stoul(text, &end) << 20);
    rows.append(std::stoul(text.substr(end)) << 20, ' ');
    rows += '\n';
    return ProcessResult::rows(1);
  }

 private:
  RowLayout layout_;
  std::string scratch_;
};

class ReplacementProcessor final : public Processor {
 public:
  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext&, const Message&, std::string&) override {
    ProcessResult result;
    result.kind = ProcessResult::Kind::Record;
    result.text.assign(1 << 20, 'x');
    return result;
  }

 private:
  RowLayout layout_;
};

class ProcessingTest : public testing::Test {
 protected:
  Work work(const std::vector<const char*>& payloads) {
    Work out;
    int64_t offset = 10;
    for (const char* payload : payloads) {
      Message message(&kNoMemory, nullptr, nullptr);
      message.offset = Offset{offset++};
      message.payload = payload;
      out.chunk.bytes += message.bytes();
      out.chunk.messages.push_back(std::move(message));
    }
    out.sequence = 10;
    out.charge = Charge(budget_, out.chunk.bytes);
    return out;
  }
  ChunkProcessor processor(uint64_t memory_limit = kUnlimited, bool keep = false) {
    ProcessingRules rules;
    rules.topic = "t";
    rules.memory_limit = memory_limit;
    rules.encode_dlq_contexts = keep;
    return {[this] { return ++made_, std::make_unique<TakingProcessor>(); }, rules};
  }

  const std::shared_ptr<ByteBudget> budget_ = std::make_shared<ByteBudget>(uint64_t{1} << 30);
  int made_ = 0;
};

TEST_F(ProcessingTest, AChunkWithLargeRowsComesInPieces) {
  ChunkProcessor chunks = processor();
  Work work = this->work({"0 3", "0 3", "0 3"});
  const auto first = chunks.process(work);
  EXPECT_TRUE(first->rest_follows);
  EXPECT_EQ(first->offsets, (OffsetRange{Offset{10}, Offset{11}}));
  EXPECT_EQ(work.sequence, 12u);
  EXPECT_GE(first->charge.bytes(), 6u << 20);
  EXPECT_EQ(budget_->held(), first->charge.bytes() + charge_for(work.chunk));
  const auto second = chunks.process(work);
  EXPECT_FALSE(second->rest_follows);
  EXPECT_EQ(second->sequence, 12u);
  EXPECT_TRUE(work.chunk.messages.empty());
  EXPECT_EQ(budget_->held(), first->charge.bytes() + second->charge.bytes());
}

TEST(ChargeForTest, CountsWhatTheProcessingOfALargeMessageTakes) {
  const std::string small(1000, 'x');
  const std::string large(2 << 20, 'x');
  MessageChunk chunk;
  chunk.bytes = 1000;
  chunk.messages.resize(1);
  chunk.messages[0].payload = small;
  EXPECT_EQ(charge_for(chunk), 2048u);
  chunk.bytes = 5000;
  EXPECT_EQ(charge_for(chunk), 5000u);
  chunk.messages.resize(2);
  chunk.messages[1].payload = large;
  EXPECT_EQ(charge_for(chunk), 5000 + 3 * large.size());
}

TEST_F(ProcessingTest, AMessageThatNeedsTooMuchMemoryIsInvalidAndHurtsNoOther) {
  ChunkProcessor chunks = processor();
  Work work = this->work({"0 0", "70 0", "0 70", "0 63", "0 20", "0 0"});
  std::vector<std::string> codes;
  uint64_t rows = 0;
  while (!work.chunk.messages.empty()) {
    const auto chunk = chunks.process(work);
    for (const auto& dead_letter : chunk->invalid) codes.push_back(dead_letter->reason_code);
    rows += chunk->row_count;
    EXPECT_LT(chunk->rows.size(), 21u << 20);
    EXPECT_LE(chunk->charge.bytes(), 2 * chunk->rows.size() + (1 << 20));  // nothing for what could not become rows
  }
  EXPECT_EQ(codes, (std::vector<std::string>{"too_large", "too_large", "too_large"}));
  EXPECT_EQ(rows, 3u);
}

TEST(MessageLimits, SayWhatIsTooLarge) {
  constexpr uint64_t kLimit = 16 << 20;
  EXPECT_EQ(too_large_to_process(52 << 20, kLimit), std::nullopt);
  EXPECT_EQ(too_large_to_process((52 << 20) + 1, kLimit),
            "it has 54525953 bytes; with --memory-limit-bytes=16777216 at most 54525952 have room");
  EXPECT_EQ(too_large_to_insert(999'999, 200'000'000), std::nullopt);
  EXPECT_EQ(too_large_to_insert(1'000'000, 1),
            "1000000 rows in 1 bytes; one insert takes 999999 rows and 200000000 bytes");
  EXPECT_NE(too_large_to_insert(1, 200'000'001), std::nullopt);
}

// A large message may take memory according to its size, within the limit of the process.
TEST_F(ProcessingTest, ASmallMemoryLimitBoundsWhatALargeMessageTakes) {
  const std::string large = "120 0" + std::string(30 << 20, ' ');
  ChunkProcessor chunks = processor();
  Work work = this->work({large.c_str()});
  EXPECT_EQ(chunks.process(work)->row_count, 1u);
  ChunkProcessor bounded = processor(16 << 20);
  work = this->work({large.c_str()});
  const auto chunk = bounded.process(work);
  ASSERT_EQ(chunk->invalid.size(), 1u);
  EXPECT_EQ(chunk->invalid[0]->reason_code, "too_large");
  EXPECT_NE(chunk->invalid[0]->reason.find("need more than"), std::string::npos) << chunk->invalid[0]->reason;
}

// The processor copies it twice, and its row grows.
TEST_F(ProcessingTest, AnAcceptedMessageHasRoomForItsRowAlsoWithASmallLimit) {
  constexpr uint64_t kDefaultInFlight = 105 << 20;
  const std::string largest = "1 25" + std::string(95 << 20, ' ');
  ChunkProcessor chunks = processor(kDefaultInFlight);
  Work work = this->work({largest.c_str()});
  EXPECT_EQ(chunks.process(work)->row_count, 1u);
}

TEST_F(ProcessingTest, AMessageThatTheMemoryLimitHasNoRoomForIsInvalid) {
  const std::string larger = "0 0" + std::string(52 << 20, ' ');
  const std::string large = "0 0" + std::string(40 << 20, ' ');
  ChunkProcessor chunks = processor(16 << 20);
  Work work = this->work({larger.c_str(), large.c_str()});
  const auto chunk = chunks.process(work);
  ASSERT_EQ(chunk->invalid.size(), 1u);
  EXPECT_EQ(chunk->invalid[0]->offset, Offset{10});
  EXPECT_NE(chunk->invalid[0]->reason.find("--memory-limit-bytes=16777216"), std::string::npos);
  EXPECT_EQ(chunks.process(work)->row_count, 1u);
}

TEST_F(ProcessingTest, ALargeMessageIsKeptWholeForItsDeadLetterRecordAndBeginsAPiece) {
  const std::string large = "0 0" + std::string(9 << 20, ' ');
  ChunkProcessor chunks = processor(kUnlimited, true);
  Work work = this->work({"0 1", large.c_str(), "0 1"});
  std::vector<std::shared_ptr<const ProcessedChunk>> pieces;
  while (!work.chunk.messages.empty()) pieces.push_back(chunks.process(work));
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_TRUE(pieces[0]->dlq_messages.empty());
  ASSERT_EQ(pieces[1]->dlq_messages.size(), 1u);
  EXPECT_EQ(pieces[1]->dlq_messages[0].payload, large);
  EXPECT_TRUE(pieces[1]->dlq_messages[0].padded);
  EXPECT_EQ(pieces[1]->dlq_contexts, "");
  EXPECT_EQ(decode_dlq_context(*pieces[1], pieces[1]->messages[0], "t").payload, large);
  EXPECT_EQ(decode_dlq_context(*pieces[2], pieces[2]->messages[0], "t").payload, "0 1");
}

TEST_F(ProcessingTest, AProcessorThatKeepsMuchMemoryIsReplaced) {
  ChunkProcessor chunks = processor();
  Work work = this->work({"4 0", "20 0", "1 0"});
  std::vector<OffsetRange> pieces;
  while (!work.chunk.messages.empty()) pieces.push_back(chunks.process(work)->offsets);
  EXPECT_EQ(pieces, (std::vector<OffsetRange>{{Offset{10}, Offset{11}}, {Offset{12}, Offset{12}}}));
  EXPECT_EQ(made_, 2);
}

// The memory of a result belongs to the caller.
TEST_F(ProcessingTest, WhatAVerdictHoldsIsNotTheProcessors) {
  ProcessingRules rules;
  rules.topic = "t";
  rules.has_side_records = true;
  ChunkProcessor chunks([this] { return ++made_, std::make_unique<ReplacementProcessor>(); }, rules);
  Work work = this->work(std::vector<const char*>(20, ""));
  size_t records = 0;
  while (!work.chunk.messages.empty()) records += chunks.process(work)->side_records.size();
  EXPECT_EQ(records, 20u);
  EXPECT_EQ(made_, 1);
}

}  // namespace
}  // namespace freshet::stream
