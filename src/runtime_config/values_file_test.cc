#include "runtime_config/values_file.h"

#include <gtest/gtest.h>

namespace freshet::runtime_config {
namespace {

TEST(ValuesFileTest, DictionariesBecomeKeys) {
  const auto read = parse_values(R"({"generated_at": "x", "options": {
      "clickhouse_load_balancing": {"errors": "random", "replays": "in_order"},
      "clickhouse_write_retry_policy": {"errors": {"max_retries": 3, "jitter_factor": 0.5, "nothing": null}},
      "kafka_consumer_periodic_restart": {"g": true},
      "kafka_consumer_periodic_restart_interval_secs": {"g": 5},
      "quantized_rebalance_consumer_group_delay_secs": {"g": 30},
      "consumer.dlq_by_age_sample_rate_by_storage": {"errors": 1},
      "experimental_healthcheck": false,
      "generic_metrics_use_case_killswitch": "custom"}})");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, (RawOptions{{"clickhouse_load_balancing:errors", "random"},
                               {"clickhouse_load_balancing:replays", "in_order"},
                               {"clickhouse_write_retry_policy:errors.max_retries", "3"},
                               {"clickhouse_write_retry_policy:errors.jitter_factor", "0.5"},
                               {"kafka_consumer_periodic_restart__g", "true"},
                               {"kafka_consumer_periodic_restart_interval_secs__g", "5"},
                               {"quantized_rebalance_consumer_group_delay_secs__g", "30"},
                               {"consumer.dlq_by_age_sample_rate_by_storage:errors", "1"},
                               {"experimental_healthcheck", "false"},
                               {"generic_metrics_use_case_killswitch", "custom"}}));
  for (const char* bad : {"", "{", "[]", "{}", R"({"options": []})"}) EXPECT_FALSE(parse_values(bad)) << bad;
}

TEST(ValuesFileTest, HoweverDeepAValueIsItEndsNothing) {
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  const auto read = parse_values(R"({"options": {"a": )" + deep + R"(, "b": {"c": )" + deep + R"(, "d": 1}}})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->at("b:d"), "1");
}

TEST(ValuesFileTest, AFileThatIsNotThereIsEmpty) {
  const auto read = open_values_file("/nowhere/values.json")->read();
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->empty());
}

}  // namespace
}  // namespace freshet::runtime_config
