// The data sets of docs/data-set-example.md, and what a message leaves in the next.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "processors/description/described_processor.h"
#include "processors/description/description.h"
#include "processors/description/nested.h"
#include "processors/description/steps.h"
#include "testkit/fake_clock.h"

namespace freshet::processors {
namespace {

// --- a flat data set ------------------------------------------------------------------------------------------------

struct CheckIn {
  uint64_t organization = 0;
  Uuid monitor;
  Seconds timestamp;
  JsonString status;
  std::optional<double> duration;
  std::optional<uint16_t> retention;
};

uint16_t retention_of(const CheckIn& check_in, const RowContext& context) {
  return clamp_retention(check_in.retention, context.environment);
}

constexpr auto kCheckIn = describe<CheckIn>(
    both<&CheckIn::organization>("org_id", Need::Required), both<&CheckIn::monitor>("monitor_id", Need::Required),
    both<&CheckIn::timestamp>("timestamp", Need::Required), both<&CheckIn::status>("status", Need::Required),
    field<&CheckIn::duration>("duration"), column<&CheckIn::duration>("duration_seconds"),
    field<&CheckIn::retention>("retention_days"), column<retention_of>("retention_days"),
    column<partition_of>("partition"), column<offset_of>("offset"));

ProcessorFactory check_ins(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return described<kCheckIn>(settings, environment);
}

// --- a nested data set ----------------------------------------------------------------------------------------------

struct Payment {
  JsonString method;
  std::optional<JsonString> country;
};
struct Item {
  uint64_t id = 0;
  double price = 0;
  List<JsonString> tags;
};
struct Order {
  Uuid id;
  Seconds timestamp;
  Payment payment;
  List<Item> items;
};

constexpr auto kPayment =
    describe<Payment>(field<&Payment::method>("method", Need::Required), field<&Payment::country>("country"));
constexpr auto kItem = describe<Item>(field<&Item::id>("id", Need::Required),
                                      field<&Item::price>("price", Need::Required), field<&Item::tags>("tags"));

double total_of(const Order& order) {
  double total = 0;
  for (const Item& item : order.items) total += item.price;
  return total;
}

constexpr auto kOrder = describe<Order>(
    both<&Order::id>("order_id", Need::Required), both<&Order::timestamp>("timestamp", Need::Required),
    field<&Order::payment, object<kPayment>>("payment", Need::Required),
    column<&Order::payment, &Payment::method>("payment_method"),
    column<&Order::payment, &Payment::country>("payment_country"),
    field<&Order::items, list_of<kItem>>("items", Need::Required), column<&Order::items, each<&Item::id>>("items.id"),
    column<&Order::items, each<&Item::price>>("items.price"),
    column<&Order::items, each<&Item::tags, each<>>>("items.tags"), column<total_of>("total"));

ProcessorFactory orders(const ProcessorsSettings& settings, const ProcessorEnvironment& environment) {
  return described<kOrder>(settings, environment);
}

// --------------------------------------------------------------------------------------------------------------------

struct DataSetExampleTest : testing::Test {
  ProcessResult process(ProcessorFactory (*make)(const ProcessorsSettings&, const ProcessorEnvironment&),
                        std::string_view payload) {
    rows.clear();
    Message message;
    message.offset = Offset{7};
    message.payload = payload;
    return make({}, {&clock, &metrics})()->process({"topic", Partition{3}}, message, rows);
  }

  testkit::FakeClock clock;
  Metrics metrics;
  std::string rows;
};

TEST_F(DataSetExampleTest, AFlatDataSet) {
  const auto result = process(check_ins, R"({"org_id":5,"monitor_id":"000102030405060708090a0b0c0d0e0f",)"
                                         R"("timestamp":"2026-01-02T03:04:05Z","status":"ok","retention_days":30,)"
                                         R"("unknown":[]})");
  EXPECT_EQ(result.row_count, 1u) << result.text;
  EXPECT_EQ(rows, R"({"org_id":5,"monitor_id":"00010203-0405-0607-0809-0a0b0c0d0e0f","timestamp":1767323045,)"
                  R"("status":"ok","duration_seconds":null,"retention_days":30,"partition":3,"offset":7})"
                  "\n");
}

TEST_F(DataSetExampleTest, ARequiredFieldIsMissing) {
  const auto result = process(check_ins, R"({"org_id":5})");
  EXPECT_EQ(result.kind, ProcessResult::Kind::Invalid);
  EXPECT_NE(result.text.find("a required field is missing"), std::string::npos) << result.text;
}

TEST_F(DataSetExampleTest, ANestedDataSet) {
  const auto result =
      process(orders, R"({"order_id":"000102030405060708090a0b0c0d0e0f","timestamp":"2026-01-02T03:04:05Z",)"
                      R"("payment":{"method":"card"},)"
                      R"("items":[{"id":1,"price":2.5,"tags":["a","b"]},{"id":2,"price":1}]})");
  EXPECT_EQ(result.row_count, 1u) << result.text;
  EXPECT_EQ(rows,
            R"({"order_id":"00010203-0405-0607-0809-0a0b0c0d0e0f","timestamp":1767323045,"payment_method":"card",)"
            R"("payment_country":null,"items.id":[1,2],"items.price":[2.5,1.0],"items.tags":[["a","b"],[]],)"
            R"("total":3.5})"
            "\n");
}

TEST_F(DataSetExampleTest, ThePageHasThisCode) {
  const auto text_of = [](const std::string& file) {
    std::stringstream text;
    text << std::ifstream(std::string(FRESHET_SOURCE_DIR) + file).rdbuf();
    return text.str();
  };
  const std::string page = text_of("/docs/data-set-example.md");
  const std::string code = text_of("/src/processors/description/data_set_example_test.cc");
  const std::string begin = "```cpp\n";
  size_t blocks = 0;
  for (size_t at = 0; (at = page.find(begin, at)) != std::string::npos; ++blocks) {
    at += begin.size();
    const std::string block = page.substr(at, page.find("```", at) - at);
    EXPECT_NE(code.find(block), std::string::npos) << block;
  }
  EXPECT_EQ(blocks, 2u);
}

// Lists keep their memory from message to message, but not their values.
TEST_F(DataSetExampleTest, NothingOfAMessageIsInTheNext) {
  const auto processor = orders({}, {&clock, &metrics})();
  const auto rows_of = [&](const std::string& items) {
    const std::string payload = R"({"order_id":"000102030405060708090a0b0c0d0e0f","timestamp":"2026-01-02T03:04:05Z",)"
                                R"("payment":{"method":"card"},"items":)" +
                                items + "}";
    Message message;
    message.payload = payload;
    std::string text;
    EXPECT_EQ(processor->process({"topic", Partition{0}}, message, text).row_count, 1u);
    return text;
  };
  const std::string empty = rows_of("[]");
  rows_of(R"([{"id":1,"price":1,"tags":["a","b","c"]},{"id":2,"price":1,"tags":["d"]}])");
  const std::string one = rows_of(R"([{"id":3,"price":1}])");
  EXPECT_NE(one.find(R"("items.id":[3],"items.price":[1.0],"items.tags":[[]])"), std::string::npos) << one;
  EXPECT_EQ(rows_of("[]"), empty);
}

}  // namespace
}  // namespace freshet::processors
