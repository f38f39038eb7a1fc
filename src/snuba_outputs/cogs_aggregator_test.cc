#include "snuba_outputs/cogs_aggregator.h"

#include <gtest/gtest.h>

namespace freshet::snuba_outputs {
namespace {

using std::chrono::seconds;

TEST(CogsAggregatorTest, SumsByMinuteAndFeatureAndIsDueAMinuteAfterTheFirstMinuteBegan) {
  CogsAggregator cogs("res");
  const SystemTime start{seconds(1'700'000'030)};  // 50 s into its minute
  EXPECT_FALSE(cogs.due(start + seconds(100)));
  cogs.add({{"a", 1}, {"b", 2}}, start);
  cogs.add({{"a", 10}}, start + seconds(5));
  EXPECT_FALSE(cogs.due(start + seconds(9)));
  cogs.add({{"a", 100}}, start + seconds(12));
  EXPECT_TRUE(cogs.due(start + seconds(12)));
  const auto records = cogs.take();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(
      records[0].value,
      R"({"timestamp":1699999980,"shared_resource_id":"res","app_feature":"a","usage_unit":"bytes","amount":11})");
  EXPECT_EQ(
      records[2].value,
      R"({"timestamp":1700000040,"shared_resource_id":"res","app_feature":"a","usage_unit":"bytes","amount":100})");
  EXPECT_TRUE(cogs.empty());
  EXPECT_FALSE(cogs.due(start + seconds(1000)));
  cogs.add({{"odd\"\xff", 1}}, start);
  EXPECT_NE(cogs.take()[0].value.find(R"("app_feature":"odd\"�")"), std::string::npos);
}

}  // namespace
}  // namespace freshet::snuba_outputs
