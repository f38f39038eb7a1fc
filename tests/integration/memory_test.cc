// The process stays below the limit that its memory limit implies, for any messages: messages that unpack, rows larger
// than their messages, messages of many megabytes, also while ClickHouse is down. `./dev soak memory` runs ten rounds.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kLimit = 64 * kMiB;
#ifdef FRESHET_ROUNDS
constexpr int kRounds = FRESHET_ROUNDS;  // ./dev soak memory
#else
constexpr int kRounds = 1;
#endif

// A zstd frame of this many times 128 KiB of zeros: each block is one byte, repeated.
std::string zstd_of_zeros(int blocks) {
  std::string out("\x28\xB5\x2F\xFD\x00\x68", 6);
  for (int i = 0; i < blocks; ++i) {
    const uint32_t header = 131'072u << 3 | 1u << 1 | (i + 1 == blocks ? 1u : 0u);
    for (int shift = 0; shift < 24; shift += 8) out += static_cast<char>(header >> shift & 0xFF);
    out += '\0';
  }
  return out;
}

std::string base64_without_padding(const std::string& bytes) {
  std::string out(bytes.size() / 3 * 4 + 5, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  out.erase(std::find(out.begin(), out.end(), '='), out.end());
  return out;
}

std::string set_of_zeros(int mebibytes) {
  return fmt::format(R"({{"use_case_id":"spans","org_id":1,"project_id":2,"metric_id":3,"timestamp":1720000061,)"
                     R"("sentry_received_timestamp":1720000065.5,"tags":{{}},"retention_days":30,"type":"s",)"
                     R"("value":{{"format":"zstd","data":"{}"}}}})",
                     base64_without_padding(zstd_of_zeros(8 * mebibytes)));
}

uint64_t peak_memory(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
  }
  return 0;
}

std::string error_with_title(const std::string& title) {
  return R"([2,"insert",{"group_id":1,"event_id":"00000000000000000000000000000001","organization_id":1,"project_id":2,)"
         R"("message":"","platform":"python","datetime":"2026-02-03T04:05:06.789000Z",)"
         R"("primary_hash":"d41d8cd98f00b204e9800998ecf8427e","retention_days":90,)"
         R"("data":{"received":1770091506.5,"type":"error","title":")" +
         title + R"("}},{}])";
}

// A process with a small memory limit that writes to a table which stores nothing.
class MemoryTest : public testing::Test {
 protected:
  MemoryTest() {
    client.create_topic("hostile", 4);
    client.create_topic("dead", 1);
  }

  void start(const std::string& processor, uint64_t limit = kLimit) {
    limit_ = limit;
    clickhouse.query("CREATE TABLE rows (org_id UInt64, event_id UUID) ENGINE = Null");
    freshet = std::make_unique<testkit::FreshetProcess>(std::vector<std::string>{"run",
                                                                                 "--bootstrap-server",
                                                                                 kafka.bootstrap(),
                                                                                 "--topic",
                                                                                 "hostile",
                                                                                 "--consumer-group",
                                                                                 "g",
                                                                                 "--clickhouse-url",
                                                                                 clickhouse.url(),
                                                                                 "--table",
                                                                                 "default.rows",
                                                                                 "--clickhouse-setting",
                                                                                 "input_format_skip_unknown_fields=1",
                                                                                 "--dead-letter-topic",
                                                                                 "dead",
                                                                                 "--dead-letters-per-second",
                                                                                 "0",
                                                                                 "--processor",
                                                                                 processor,
                                                                                 "--concurrency",
                                                                                 "2",
                                                                                 "--memory-limit-bytes",
                                                                                 std::to_string(limit_),
                                                                                 "--max-batch-bytes",
                                                                                 std::to_string(16 * kMiB)});
  }

  void produce(const std::string& value, int count) {
    produced += count;
    for (int i = 0; i < count; ++i) client.produce("hostile", {-1, -1, std::nullopt, value, {}, 0});
  }
  bool all_committed() {
    client.flush();
    return testkit::eventually(120s * kRounds, [&] {
      int64_t sum = 0;
      for (const auto& [partition, next] : client.committed("g", "hostile")) sum += std::max<int64_t>(next, 0);
      return sum == produced;
    });
  }
  uint64_t peak() const { return peak_memory(freshet->process().pid()); }
  void expect_limit_kept(uint64_t largest) {
    std::cout << fmt::format("peak {} MiB, limit {} MiB, largest message {} MiB\n", peak() / kMiB, limit_ / kMiB,
                             largest / kMiB);
    EXPECT_LT(peak(), limit_ + 128 * kMiB + 2 * largest);
    EXPECT_EQ(freshet->stop(), 0) << freshet->output();
  }

  testkit::KafkaServer kafka{std::map<std::string, std::string>{{"message.max.bytes", "100000000"}}};
  testkit::LocalClickHouse clickhouse;
  testkit::KafkaClient client{kafka.bootstrap()};
  std::unique_ptr<testkit::FreshetProcess> freshet;
  int64_t produced = 0;
  uint64_t limit_ = kLimit;
};

TEST_F(MemoryTest, MessagesThatUnpackStayWithinTheLimit) {
  constexpr uint64_t kLargest = 20 * kMiB;
  start("GenericSetsMetricsProcessor");
  produce(set_of_zeros(1), 4);
  ASSERT_TRUE(all_committed()) << freshet->output();
  clickhouse.freeze();
  for (int round = 0; round < kRounds; ++round) {
    produce(set_of_zeros(8), 40);    // rows of 4 MiB each
    produce(set_of_zeros(200), 30);  // no row: larger than a value may be
    produce(std::string(kLargest, '['), 3);
    produce("{}", 50'000);
  }
  client.flush();
  EXPECT_TRUE(
      testkit::eventually(60s, [&] { return peak() > kLimit; }));  // it reads as much as it can without ClickHouse
  clickhouse.thaw();
  EXPECT_TRUE(all_committed()) << freshet->output();
  EXPECT_EQ(client.count("dead"), (30 + 3 + 50'000) * kRounds);
  expect_limit_kept(kLargest);
}

struct Large {
  uint64_t limit;
  size_t message;
  int copies;
  int dead;  // dead letters of each round and copy
};

// A limit that holds several of them, one that holds none, one that leaves no memory for them at all, and the default.
class LargeMessagesTest : public MemoryTest, public testing::WithParamInterface<Large> {};

std::string repeated(const std::string& text, size_t bytes) {
  std::string out;
  out.reserve(bytes + text.size());
  while (out.size() < bytes) out += text;
  return out;
}

// Text that compresses badly.
std::string random_text(size_t bytes) {
  std::mt19937 random(1);
  std::string out(bytes, ' ');
  for (char& c : out) c = static_cast<char>('0' + random() % 42);
  std::replace(out.begin(), out.end(), '"', 'a');
  std::replace(out.begin(), out.end(), '\\', 'b');
  return out;
}

TEST_P(LargeMessagesTest, StayWithinTheLimit) {
  const Large& large = GetParam();
  const std::string tags = repeated(R"(["a","bcdefghijklmnopqrstuvw"],)", large.message);
  const std::vector<std::string> messages = {
      std::string(large.message, '['),
      error_with_title(random_text(large.message)),
      error_with_title(repeated("\\n", large.message)),
      "[" + std::string(large.message, '1') + "]",
      error_with_title(R"(","tags":[)" + tags + R"(["b","c"]],"more":")"),
  };
  for (int round = 0; round < kRounds; ++round) {
    for (const std::string& message : messages) {
      for (int copy = 0; copy < large.copies; ++copy) {
        produce(message, 1);
        client.flush();  // the broker has no memory for several at a time
      }
    }
  }
  start("ErrorsProcessor", large.limit);
  ASSERT_EQ(client.count("hostile"), produced);
  EXPECT_TRUE(all_committed()) << freshet->output();
  EXPECT_EQ(client.count("dead"), large.dead * large.copies * kRounds);
  expect_limit_kept(large.message);
}
std::vector<Large> large_messages() {
  std::vector<Large> out = {{64 * kMiB, 21 * kMiB, 2, 2}, {64 * kMiB, 70 * kMiB, 1, 3}};
#ifdef FRESHET_ROUNDS
  out.insert(out.end(), {{64 * kMiB, 38 * kMiB, 2, 3}, {64 * kMiB, 95 * kMiB, 1, 5}, {256 * kMiB, 95 * kMiB, 1, 3}});
#endif
  return out;
}
INSTANTIATE_TEST_SUITE_P(All, LargeMessagesTest, testing::ValuesIn(large_messages()), [](const auto& each) {
  return fmt::format("{}MiBWithALimitOf{}", each.param.message / kMiB, each.param.limit / kMiB);
});

}  // namespace
}  // namespace freshet
