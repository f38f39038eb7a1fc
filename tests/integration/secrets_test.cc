// Secrets that change while the program runs.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "testkit/admin_client.h"
#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

struct SecretsTest : testing::Test {
  static void SetUpTestSuite() {
    kafka_ = std::make_unique<testkit::KafkaServer>();
    clickhouse_ = std::make_unique<testkit::OldClickHouse>();
  }
  static void TearDownTestSuite() {
    kafka_.reset();
    clickhouse_.reset();
  }
  void SetUp() override {
    topic = testing::UnitTest::GetInstance()->current_test_info()->name();
    client = std::make_unique<testkit::KafkaClient>(kafka_->bootstrap());
    for (const std::string& name : {topic, topic + "-dead"}) client->create_topic(name, 1);
    clickhouse_->query(fmt::format("CREATE TABLE {} (id UInt64) ENGINE = MergeTree ORDER BY id", topic));
  }
  void write(const std::string& name, const std::string& secret) const {
    std::ofstream(folder.path(name + ".new")) << secret << '\n';
    std::filesystem::permissions(folder.path(name + ".new"), std::filesystem::perms(0600));
    std::filesystem::rename(folder.path(name + ".new"), folder.path(name));
  }
  testkit::FreshetProcess run(std::vector<std::string> more) const {
    more.insert(more.end(), {"--max-batch-time-ms", "100", "--clickhouse-user", "app", "--dead-letter-topic",
                             topic + "-dead", "--admin-listen", fmt::format("127.0.0.1:{}", port)});
    return testkit::FreshetProcess(
        testkit::streaming_command("run", kafka_->bootstrap(), topic, clickhouse_->url(), more));
  }
  // Produces until it is destroyed.
  struct Load {
    explicit Load(SecretsTest& test)
        : thread([&test, this](std::stop_token stop) {
            while (!stop.stop_requested()) {
              test.client->produce(test.topic, {0, -1, std::nullopt, fmt::format(R"({{"id":{}}})", sent++), {}, 0});
              test.client->flush();
            }
          }) {}
    std::atomic<uint64_t> sent{0};
    std::jthread thread;
  };
  uint64_t rows() const { return clickhouse_->count("SELECT count() FROM " + topic); }
  bool rows_arrive() const {
    const uint64_t before = rows();
    return testkit::eventually(60s, [&] { return rows() > before; });
  }
  std::string metric(const std::string& name) const {
    const std::string all = testkit::AdminClient(port).ask("metrics").body;
    const size_t at = all.find("\n" + name + " ");
    return at == std::string::npos ? ""
                                   : all.substr(at + name.size() + 2, all.find('\n', at + 1) - at - name.size() - 2);
  }

  static inline std::unique_ptr<testkit::KafkaServer> kafka_;
  static inline std::unique_ptr<testkit::OldClickHouse> clickhouse_;
  const testkit::TempFolder folder;
  const int port = testkit::free_port();
  std::string topic;
  std::unique_ptr<testkit::KafkaClient> client;
};

TEST_F(SecretsTest, TheClickHousePasswordIsRotatedWhileRowsAreWritten) {
  clickhouse_->set_password("app", "first-secret");
  write("password", "first-secret");
  auto freshet = run({"--clickhouse-password-file", folder.path("password")});
  auto load = std::make_unique<Load>(*this);
  ASSERT_TRUE(rows_arrive()) << freshet.output();
  // The server first: inserts are refused until the file follows.
  clickhouse_->set_password("app", "second-secret");
  ASSERT_TRUE(testkit::eventually(60s, [&] {
    return freshet.output().find("reads the file again") != std::string::npos;
  })) << freshet.output();
  write("password", "second-secret");
  ASSERT_TRUE(rows_arrive()) << freshet.output();
  // The file first.
  write("password", "third-secret");
  clickhouse_->set_password("app", "third-secret");
  ASSERT_TRUE(rows_arrive()) << freshet.output();
  load->thread = {};
  const uint64_t sent = load->sent;
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() >= sent; })) << freshet.output();
  EXPECT_EQ(rows(), sent);
  EXPECT_EQ(clickhouse_->count("SELECT uniqExact(id) FROM " + topic), sent);
  EXPECT_EQ(metric(R"(freshet_secrets_renewed_total{secret="clickhouse_password"})"), "2");
  EXPECT_EQ(client->count(topic + "-dead"), 0);
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_THAT(freshet.output(), HasSubstr("secret_renewed"));
  EXPECT_THAT(freshet.output(), Not(HasSubstr("-secret")));
}

TEST_F(SecretsTest, ACommandGivesTheNextPasswordWhenTheOldOneIsRefused) {
  clickhouse_->set_password("app", "first-secret");
  write("password", "first-secret");
  auto freshet = run({"--clickhouse-password-file", "exec:cat " + folder.path("password")});
  auto load = std::make_unique<Load>(*this);
  ASSERT_TRUE(rows_arrive()) << freshet.output();
  write("password", "second-secret");
  clickhouse_->set_password("app", "second-secret");
  ASSERT_TRUE(rows_arrive()) << freshet.output();
  load->thread = {};
  const uint64_t sent = load->sent;
  EXPECT_TRUE(testkit::eventually(60s, [&] { return rows() >= sent; })) << freshet.output();
  EXPECT_EQ(rows(), sent);
  EXPECT_EQ(freshet.stop(), 0);
  EXPECT_THAT(freshet.output(), Not(HasSubstr("-secret")));
}

}  // namespace
}  // namespace freshet
