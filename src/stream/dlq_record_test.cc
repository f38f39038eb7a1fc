#include "stream/dlq_record.h"

#include <gtest/gtest.h>

namespace freshet::stream {
namespace {

class LastRecord final : public RecordProducer {
 public:
  Status produce(const ProducerRecordView& record, uint64_t ticket) override {
    key = record.key;
    value = record.value;
    headers.clear();
    for (const HeaderView& header : record.headers) headers.emplace_back(header.name, header.value);
    last_ticket = ticket;
    return {};
  }
  void reset() override {}
  void purge() override {}

  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  uint64_t last_ticket = 0;
};

DeadLetterRecord some_record() {
  DeadLetterRecord record;
  record.topic = "events";
  record.partition = Partition{3};
  record.offset = Offset{42};
  record.timestamp_ms = 1'700'000'000'123;
  record.key = "k";
  record.payload = "";
  record.headers = {{"a", "1"}, {"empty", ""}, {"null", std::nullopt}};
  record.reason = "not JSON";
  return record;
}

TEST(DlqRecordTest, ProvenanceStandsBehindTheMessagesOwnHeaders) {
  StreamSettings settings;
  settings.consumer_group = "g";
  LastRecord producer;
  ASSERT_TRUE(produce_dead_letter(producer, some_record(), settings, 7));
  EXPECT_EQ(producer.last_ticket, 7u);
  EXPECT_EQ(producer.key, "k");
  EXPECT_EQ(producer.value, "");
  const std::vector<std::pair<std::string, std::optional<std::string>>> expected = {
      {"a", "1"},
      {"empty", ""},
      {"null", std::nullopt},
      {"original_topic", "events"},
      {"original_partition", "3"},
      {"original_offset", "42"},
      {"original_timestamp", "1700000000123"},
      {"reason", "not JSON"},
      {"consumer_group", "g"}};
  EXPECT_EQ(producer.headers, expected);
}

TEST(DlqRecordTest, PositionIsPartitionAndOffsetAndNothingElse) {
  StreamSettings settings;
  settings.dlq_headers = DlqHeaders::Position;
  LastRecord producer;
  DeadLetterRecord record = some_record();
  record.headers.clear();
  record.key.reset();
  record.payload.reset();
  ASSERT_TRUE(produce_dead_letter(producer, record, settings, 1));
  EXPECT_EQ(producer.key, std::nullopt);
  EXPECT_EQ(producer.value, std::nullopt);
  const std::vector<std::pair<std::string, std::optional<std::string>>> expected = {{"original_partition", "3"},
                                                                                    {"original_offset", "42"}};
  EXPECT_EQ(producer.headers, expected);
}

}  // namespace
}  // namespace freshet::stream
