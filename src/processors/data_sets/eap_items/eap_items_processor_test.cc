#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "processors/data_sets/eap_items/eap_week.h"
#include "processors/registry.h"
#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

using nlohmann::json;
using namespace std::chrono;

std::string from_hex(std::string_view hex) {
  std::string out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

std::string repeat(std::string_view hex, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += hex;
  return out;
}

// A span with every kind of attribute.
const std::string kSpan = from_hex(
    "084d10943c1a203061663736353139313663643433646438343438656232313163383033313963"
    "2210000102030405060708090a0b0c0d0e0f2801320c0880c3bbc2061080cab5ee013a1a0a0973"
    "656e7472792e6f70120d0a0b687474702e636c69656e743a170a10687474702e7374617475735f"
    "636f6465120318f7033a120a05726174696f120921000000000000d03f3a0a0a04666c61671202"
    "10003a270a0474616773121f2a1d0a030a01780a0218050a030a01790a0921000000000000f83f"
    "0a021001419a9999999999b93f49333333333333d33f5206636f6e762d395a2436626137623831"
    "302d396461642d313164312d383062342d303063303466643433306338a0063caa060c0883c3bb"
    "c2061080d293ad03b0068c03");

std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string bytes_field(uint64_t field, std::string_view bytes) {
  return varint(field << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}
std::string number_field(uint64_t field, uint64_t value) { return varint(field << 3) + varint(value); }

// The smallest valid item with this time and type.
std::string item_at(int64_t seconds, int type = 1) {
  return bytes_field(3, "0123456789abcdef0123456789abcdef") + bytes_field(4, "0123456789abcdef") +
         number_field(5, static_cast<uint64_t>(type)) + bytes_field(6, number_field(1, static_cast<uint64_t>(seconds)));
}

int64_t seconds_of(int year, unsigned month, unsigned day, int64_t hour = 0, int64_t minute = 0, int64_t second = 0) {
  const sys_days date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
  return date.time_since_epoch().count() * 86'400 + hour * 3600 + minute * 60 + second;
}

class EapItemsTest : public testing::Test {
 protected:
  EapItemsTest() {
    settings_.processor = "EAPItemsProcessor";
    settings_.storage = "eap_items";
    set_now(1'750'000'004'500);
  }

  void set_now(int64_t ms) { clock_.advance(milliseconds(ms) - clock_.system_now().time_since_epoch()); }
  void set(const std::function<void(ProcessorOptions&)>& change) {
    LiveOptions options = *live_.get();
    change(options.processors);
    live_.set(options);
  }
  void make() { processor_ = (*make_factory(settings_, {&clock_, &metrics_, &live_}))(); }

  ProcessResult process(std::string_view payload, int64_t timestamp_ms = 1'750'000'004'321) {
    if (!processor_) make();
    Message message;
    message.offset = Offset{1};
    message.timestamp_ms = timestamp_ms;
    message.payload = payload;
    rows_.clear();
    const MessageContext context{"snuba-items", Partition{0}};
    processor_->begin_chunk(context, {&message, 1});
    return processor_->process(context, message, rows_);
  }
  json row() const { return json::parse(rows_); }

  // The sum over all samples with these labels.
  uint64_t counted(std::string_view name, const Labels& labels) {
    uint64_t sum = 0;
    metrics_.visit([&](const Metrics::Family& family) {
      for (const auto& sample : family.samples) {
        if (family.name == name && sample.labels == labels) sum += sample.counter->value();
      }
    });
    return sum;
  }

  ProcessorsSettings settings_;
  testkit::FakeClock clock_;
  Metrics metrics_;
  Snapshot<LiveOptions> live_{LiveOptions{}};
  std::unique_ptr<Processor> processor_;
  std::string rows_;
};

TEST_F(EapItemsTest, TheVerdictTellsWhoPaysAndWhenItBegan) {
  const ProcessResult result = process(kSpan);
  EXPECT_EQ(result.row_count, 1u);
  EXPECT_EQ(result.origin_timestamp_ms, 1'750'000'003'000);
  EXPECT_EQ(result.usage_label, "spans");
  EXPECT_EQ(std::string_view(result.type_label), "span");
  EXPECT_EQ(cogs_resource("EAPItemsProcessor"), "eap_items_processor");
  const ProcessResult unknown = process(item_at(1'750'000'000, 14));
  EXPECT_EQ(unknown.origin_timestamp_ms, kNoTimestamp);
  EXPECT_EQ(unknown.usage_label, "null");
  EXPECT_EQ(std::string_view(unknown.type_label), "unspecified");
}

TEST_F(EapItemsTest, ReceivedAtComesAndGoesWithItsOption) {
  for (const bool binary : {false, true}) {
    settings_.row_binary = binary;
    make();
    for (const bool on : {false, true, false}) {
      set([on](ProcessorOptions& options) { options.eap_emit_received_at = on; });
      EXPECT_EQ(process(kSpan).row_count, 1u);
      if (binary) {
        EXPECT_EQ(processor_->layout().columns.back() == "received_at", on);
        EXPECT_EQ(rows_.ends_with(from_hex("e1ec207497010000")), on);
      } else {
        EXPECT_EQ(row().contains("received_at"), on);
      }
      EXPECT_EQ(process(kSpan, -1).kind, on ? ProcessResult::Kind::Invalid : ProcessResult::Kind::Rows);
    }
  }
}

TEST_F(EapItemsTest, TheTimeIsThatOfTheChunk) {
  process(kSpan);
  EXPECT_EQ(row().at("attributes_int").at("sentry._internal.ingested_at"), 1'750'000'004'500);
  EXPECT_EQ(row().at("attributes_float_9").at("sentry._internal.ingested_at"), 1'750'000'004'500.0);
}

TEST_F(EapItemsTest, AMissingSessionIsARandomUuidEachTime) {
  process(item_at(1'750'000'000));
  const std::string first = row().at("session_id");
  process(item_at(1'750'000'000));
  const std::string second = row().at("session_id");
  EXPECT_NE(first, second);
  for (const std::string& uuid : {first, second}) {
    EXPECT_EQ(uuid[14], '4');
    EXPECT_NE(std::string_view("89ab").find(uuid[19]), std::string_view::npos);
  }
}

// The same span as RowBinary, byte for byte.
TEST_F(EapItemsTest, RowBinary) {
  settings_.row_binary = true;
  set([](ProcessorOptions& options) { options.eap_emit_received_at = true; });
  EXPECT_EQ(process(kSpan).row_count, 1u);
  const std::string ingested = "1c" + to_hex("sentry._internal.ingested_at");
  const std::string received = "1c" + to_hex("sentry._internal.received_at");
  const std::string status = "10" + to_hex("http.status_code");
  EXPECT_EQ(to_hex(rows_),
            "4d00000000000000141e0000000000000180e14e68dd43cd161965f70a9c31801c21eb4884"
            "d111ad9d10b8a76bc830d44fc000b48006636f6e762d39000102030405060708090a0b0c0d0e0f"
            "0b687474702e636c69656e742100000000000000b81e85eb51b89e3f9a9999999999b93f333333333333d33f3c008c01"
            "0104666c61670003" +
                status + "f701000000000000" + ingested + "94ed207497010000" + received + "83e14e6800000000" +
                repeat("00", 19) + "01" + ingested + "0040d90e42777942" + repeat("00", 18) +
                "010973656e7472792e6f700b687474702e636c69656e74" + repeat("00", 12) + "01" + status +
                "0000000000707f40" + repeat("00", 5) + "0105726174696f000000000000d03f" + repeat("00", 13) + "01" +
                received + "0000c060b813da41" + repeat("00", 8) +
                "0104746167730201780179010474616773010500000000000000"
                "01047461677301000000000000f83f0104746167730101e1ec207497010000");
  const auto& columns = processor_->layout().columns;
  EXPECT_EQ(processor_->layout().format, RowFormat::RowBinary);
  ASSERT_EQ(columns.size(), 102u);
  EXPECT_EQ(columns[5], "session_id");
  EXPECT_EQ(columns[9], "sampling_weight");
  EXPECT_EQ(columns[17], "attributes_string_0");
  EXPECT_EQ(columns[96], "attributes_float_39");
  EXPECT_EQ(columns[98], "attributes_array_int");
  EXPECT_EQ(columns[101], "received_at");
}

TEST_F(EapItemsTest, TheOlderGenerationHasItsOwnColumns) {
  settings_.june = true;
  set([](ProcessorOptions& options) { options.eap_emit_received_at = true; });
  process(kSpan);
  for (const char* name : {"session_id", "ai_conversation_id", "received_at", "attributes_array_string"}) {
    EXPECT_FALSE(row().contains(name)) << name;
  }
  const json tags = json::parse(R"({"tags":[{"String":"x"},{"Int":5},{"String":"y"},{"Double":1.5},{"Bool":true}]})");
  EXPECT_EQ(row().at("attributes_array"), tags);
  // Older Snuba does not know fields 10 and 11, so their wire types do not matter.
  EXPECT_EQ(process(item_at(1'750'000'000) + number_field(10, 1)).kind, ProcessResult::Kind::Rows);
  EXPECT_FALSE(row().contains("attributes_array"));
  const std::string empty_array = bytes_field(7, bytes_field(1, "t") + bytes_field(2, bytes_field(5, "")));
  process(item_at(1'750'000'000) + empty_array);
  EXPECT_EQ(row().at("attributes_array"), json::parse(R"({"t":[]})"));
}

TEST_F(EapItemsTest, TheOlderGenerationsRowBinaryHasTheArraysAsText) {
  settings_.june = true;
  settings_.row_binary = true;
  process(item_at(1'750'000'000));
  const auto& columns = processor_->layout().columns;
  ASSERT_EQ(columns.size(), 96u);
  EXPECT_EQ(columns[5], "item_id");
  EXPECT_EQ(columns[15], "attributes_string_0");
  EXPECT_EQ(columns[95], "attributes_array");
  EXPECT_TRUE(rows_.ends_with(std::string("\x00\x02{}", 4))) << to_hex(rows_);
  process(kSpan);
  const std::string text = R"({"tags":[{"String":"x"},{"Int":5},{"String":"y"},{"Double":1.5},{"Bool":true}]})";
  EXPECT_TRUE(rows_.ends_with(static_cast<char>(text.size()) + text));
}

TEST_F(EapItemsTest, WeeksThatAreNotWrittenNowBecomeDeadLettersThatAreNotLogged) {
  set_now(seconds_of(2026, 8, 19, 12) * 1000);
  EXPECT_EQ(process(item_at(seconds_of(2026, 8, 1))).kind, ProcessResult::Kind::Rows);
  set([](ProcessorOptions& options) { options.eap_dlq_grace_period_min = 30; });
  const ProcessResult past = process(item_at(seconds_of(2026, 8, 1), 3));
  EXPECT_EQ(past.kind, ProcessResult::Kind::Invalid);
  EXPECT_TRUE(past.suppressed);
  const ProcessResult future = process(item_at(seconds_of(2026, 8, 24), 3));
  EXPECT_TRUE(future.suppressed);
  // This check comes before all others.
  EXPECT_TRUE(process(bytes_field(6, number_field(1, 5))).suppressed);
  EXPECT_EQ(process(item_at(seconds_of(2026, 8, 23, 23, 59, 59))).kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(process(item_at(8'210'266'876'800)).kind, ProcessResult::Kind::Rows);
  const std::string name = "freshet_eap_items_dlqed_prior_partition_total";
  EXPECT_EQ(counted(name, {{"item_type", "log"}, {"reason", "past_ts"}}), 1u);
  EXPECT_EQ(counted(name, {{"item_type", "log"}, {"reason", "future_ts"}}), 1u);
  EXPECT_EQ(counted(name, {{"item_type", "unspecified"}, {"reason", "past_ts"}}), 1u);
  settings_.storage.clear();
  make();
  EXPECT_EQ(process(item_at(seconds_of(2026, 8, 1))).kind, ProcessResult::Kind::Rows);
}

TEST_F(EapItemsTest, TheOlderGenerationLetsTheFutureIn) {
  settings_.june = true;
  set_now(seconds_of(2026, 8, 19, 12) * 1000);
  set([](ProcessorOptions& options) { options.eap_dlq_grace_period_min = 30; });
  EXPECT_TRUE(process(item_at(seconds_of(2026, 8, 1))).suppressed);
  EXPECT_EQ(process(item_at(seconds_of(2026, 8, 24))).kind, ProcessResult::Kind::Rows);
}

TEST_F(EapItemsTest, TheOlderGenerationSkipsWhatIsFarFromNow) {
  settings_.june = true;
  const int64_t now = seconds_of(2026, 8, 19, 12);
  set_now(now * 1000 + 500);
  set([](ProcessorOptions& options) {
    options.eap_dlq_grace_period_min = 30;
    options.eap_drop_invalid_timestamps = true;
  });
  const ProcessResult future = process(item_at(now + 7 * 86'400 + 2));
  EXPECT_EQ(future.kind, ProcessResult::Kind::Skip);
  EXPECT_TRUE(future.usage_label.empty());
  EXPECT_EQ(process(item_at(now + 7 * 86'400 + 1)).kind, ProcessResult::Kind::Rows);
  EXPECT_EQ(process(item_at(now - 30 * 86'400 - 1)).kind, ProcessResult::Kind::Skip);
  EXPECT_TRUE(process(item_at(now - 30 * 86'400)).suppressed);
  // Other errors are reported first.
  EXPECT_EQ(process(bytes_field(6, number_field(1, 5))).kind, ProcessResult::Kind::Invalid);
  const std::string name = "freshet_eap_items_dropped_out_of_range_timestamp_total";
  EXPECT_EQ(counted(name, {{"item_type", "span"}, {"is_future", "true"}}), 1u);
  EXPECT_EQ(counted(name, {{"item_type", "span"}, {"is_future", "false"}}), 1u);
}

TEST(EapWeekTest, TheEdgesOfTheWeek) {
  struct Case {
    int64_t now_ms, grace, event;
    WeekCheck result;
  };
  const int64_t monday = seconds_of(2026, 8, 17);
  const int64_t next = monday + 7 * 86'400;
  EXPECT_EQ(week_begin_ms(monday * 1000), monday * 1000);
  EXPECT_EQ(week_begin_ms(next * 1000 - 1), monday * 1000);
  EXPECT_EQ(week_begin_ms(0), -3 * 86'400'000);
  for (const Case& one : {Case{(monday + 1800) * 1000 - 1, 30, monday - 1, WeekCheck::Accepted},
                          Case{(monday + 1800) * 1000, 30, monday - 1, WeekCheck::Past},
                          Case{(monday + 1800) * 1000, 30, monday, WeekCheck::Accepted},
                          Case{(monday + 216'000) * 1000, 30, next - 1, WeekCheck::Accepted},
                          Case{(monday + 216'000) * 1000, 30, next, WeekCheck::Future},
                          Case{(next - 1800) * 1000, 30, next, WeekCheck::Accepted},
                          Case{(next - 1801) * 1000, 30, next + 7 * 86'400, WeekCheck::Future},
                          Case{monday * 1000, 0, monday - 1, WeekCheck::Past},
                          Case{monday * 1000, INT64_MAX, monday - 1, WeekCheck::Accepted}}) {
    EXPECT_EQ(check_week(one.event, one.now_ms, one.grace), one.result) << one.now_ms << " " << one.event;
  }
}

TEST(RegistryTest, OnlyTraceItemsHaveRowBinary) {
  ProcessorsSettings settings;
  settings.processor = "OutcomesProcessor";
  settings.row_binary = true;
  testkit::FakeClock clock;
  Metrics metrics;
  const auto refused = make_factory(settings, {&clock, &metrics});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("RowBinary"), std::string::npos);
}

}  // namespace
}  // namespace freshet::processors
