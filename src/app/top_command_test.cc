#include "app/top_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "admin/server.h"

namespace freshet::app {
namespace {

using testing::HasSubstr;

struct TopCommandTest : testing::Test {
  TopCommandTest() {
    admin::AdminSettings settings;
    settings.listen = "127.0.0.1:0";
    admin::AdminSources sources;
    sources.status = [this] { return status; };
    server = *admin::AdminServer::start(settings, std::move(sources));
    asked.admin_addresses = {"127.0.0.1:" + std::to_string(server->port())};
    asked.once = true;
    status.health.ok = status.ready.ok = true;
    status.stream.topic = "events";
    status.stream.rows_written = 7;
  }
  int run() {
    RealClock clock;
    out.str("");
    return top(asked, clock, {}, out);
  }

  admin::ProcessStatus status;
  settings::Settings asked;
  std::unique_ptr<admin::AdminServer> server;
  std::ostringstream out;
};

TEST_F(TopCommandTest, PrintsATableOnce) {
  EXPECT_EQ(run(), 0) << out.str();
  EXPECT_THAT(out.str(), HasSubstr("events"));
  status.ready = {false, "lag grows"};
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(out.str(), HasSubstr("not ready: lag grows"));
}

TEST_F(TopCommandTest, AProcessThatDoesNotAnswerIsALineOfItsOwn) {
  asked.admin_addresses.emplace_back("127.0.0.1:1");
  EXPECT_EQ(run(), 1);
  EXPECT_THAT(out.str(), HasSubstr("events"));
  EXPECT_THAT(out.str(), HasSubstr("Failed to connect"));
}

TEST_F(TopCommandTest, PrintsAnObjectForEachProcess) {
  asked.admin_addresses.emplace_back("127.0.0.1:1");
  asked.json = true;
  EXPECT_EQ(run(), 1);
  std::istringstream lines(out.str());
  std::string line;
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_EQ(nlohmann::json::parse(line).at("status").at("rows_written"), 7);
  ASSERT_TRUE(std::getline(lines, line));
  EXPECT_TRUE(nlohmann::json::parse(line).contains("error"));
}

}  // namespace
}  // namespace freshet::app
