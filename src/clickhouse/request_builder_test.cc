#include "clickhouse/request_builder.h"

#include <gtest/gtest.h>

namespace freshet::clickhouse {
namespace {

TEST(PlainRequestBuilderTest, SaysStatementSettingsAndLogin) {
  ClickHouseSettings settings;
  settings.table = "d.t";
  settings.user = "u";
  settings.request_timeout = std::chrono::milliseconds(1234);
  settings.connect_timeout = std::chrono::milliseconds(55);
  const auto builder = make_plain_request_builder(settings);
  const RowLayout layout;
  const SettingNames without = {"date_time_input_format"};
  const http::Request request = builder->insert({"http://h:8123", &layout, "tok", &without}, {{"secret"}, {}});
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, insert_url("http://h:8123", settings, layout, "tok", without));
  EXPECT_EQ(request.url.find("secret"), std::string::npos);
  EXPECT_EQ(request.timeout, settings.request_timeout);
  EXPECT_FALSE(request.headers.empty());
  EXPECT_EQ(builder->client_options().connect_timeout, settings.connect_timeout);
  EXPECT_TRUE(builder->may_omit("date_time_input_format", kUnknownSetting));
  EXPECT_FALSE(builder->may_omit("insert_distributed_sync", kUnknownSetting));
  EXPECT_FALSE(builder->full_blocks());
  EXPECT_EQ(builder->retry_delay(1), std::nullopt);
}

}  // namespace
}  // namespace freshet::clickhouse
