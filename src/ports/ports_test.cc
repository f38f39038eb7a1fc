#include <gtest/gtest.h>

#include "model/batch.h"
#include "model/options.h"
#include "model/status.h"
#include "ports/option_source.h"
#include "ports/processor.h"
#include "ports/record_producer.h"
#include "ports/row_writer.h"
#include "ports/source.h"

namespace freshet {
namespace {

class CountingMemory final : public MessageMemory {
 public:
  void release(void* handle) const noexcept override { ++*static_cast<int*>(handle); }
  void headers(const void*, std::vector<HeaderView>&) const override {}
};

TEST(MessageTest, GivesItsMemoryBackExactlyOnceHoweverOftenItMoves) {
  CountingMemory memory;
  int released = 0;
  {
    Message first(&memory, &released, nullptr);
    Message second(std::move(first));
    Message third;
    third = std::move(second);
    EXPECT_EQ(released, 0);
  }
  EXPECT_EQ(released, 1);
}

TEST(MessageTest, AnAssignedOverMessageIsReleased) {
  CountingMemory memory;
  int first = 0;
  int second = 0;
  Message message(&memory, &first, nullptr);
  message = Message(&memory, &second, nullptr);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 0);
}

class JsonOnly final : public Processor {
 public:
  const RowLayout& layout() const override { return *plain_layout(); }
  ProcessResult process(const MessageContext&, const Message&, std::string&) override { return {}; }
};

TEST(ProcessorTest, WhoDoesNotSayWhyWritesOnlyJson) {
  EXPECT_EQ(JsonOnly().why_json(), "the processor writes only JSONEachRow");
}

}  // namespace
}  // namespace freshet
