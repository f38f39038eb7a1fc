// Every partition of a broker proceeds, though the stream leaves most of a backlog in librdkafka, which fetches from
// the partitions in a fixed order (docs/adr/0009).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>

#include "kafka/kafka_source.h"
#include "stream/stream.h"
#include "testkit/child_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"
#include "testkit/stop_control.h"

namespace freshet {
namespace {

using namespace std::chrono_literals;

constexpr int kPartitions = 16;
constexpr size_t kMessageBytes = 50'000;
using Counts = std::array<std::atomic<int>, kPartitions>;

// The bottleneck.
class SlowProcessor final : public Processor {
 public:
  SlowProcessor(Counts& counts, Duration per_message) : counts_(counts), per_message_(per_message) {}
  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext& context, const Message&, std::string& rows) override {
    std::this_thread::sleep_for(per_message_);
    ++counts_[static_cast<size_t>(context.partition.value)];
    rows += "{}\n";
    return ProcessResult::rows(1, true);
  }

 private:
  Counts& counts_;
  const Duration per_message_;
  const RowLayout layout_;
};

class NullWriter final : public RowWriter {
 public:
  WriteOutcome write(const InsertRequest&, const WriteControl&) override { return {}; }
};

std::string random_text(size_t bytes) {
  std::mt19937 random(1);
  std::string out(bytes, ' ');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

class FairnessTest : public testing::Test {
 protected:
  FairnessTest() { client_.create_topic("t", kPartitions); }

  void produce(int of_each, const std::string& value) {
    total_ = of_each * kPartitions;
    for (int i = 0; i < total_; ++i) client_.produce("t", {i / of_each, -1, std::nullopt, value, {}, 0});
    client_.flush();
  }
  // Reads until `done()`.
  void read(uint64_t memory_limit, Duration per_message, const std::function<bool()>& done) {
    kafka::KafkaSettings settings;
    settings.connection.bootstrap_servers = kafka_.bootstrap();
    settings.topic = "t";
    settings.consumer_group = "g";
    settings.memory_limit = memory_limit;
    kafka::Identity identity(settings, null_log());
    kafka::Reaper reaper(metrics_);
    auto source = kafka::open_source(settings, {clock_, null_log(), metrics_, reaper, identity});
    ASSERT_TRUE(source) << source.error().text;
    stream::StreamSettings stream_settings;
    stream_settings.topic = "t";
    stream_settings.memory_limit = memory_limit - 2 * kafka::fetch_queue_bytes(memory_limit);
    stream::StreamDependencies dependencies;
    dependencies.processors = [&] { return std::make_unique<SlowProcessor>(counts_, per_message); };
    dependencies.writers = [] { return std::make_unique<NullWriter>(); };
    stream::Stream stream(stream_settings, std::move(dependencies), {}, clock_, null_log(), metrics_);
    std::jthread loop([&](const std::stop_token& stop) {
      testkit::StopControl control(stop);
      const std::stop_callback wake(stop, [&] { stream.wake(); });
      stream.run(**source, 1, control);
    });
    EXPECT_TRUE(testkit::eventually(120s, done)) << counts();
  }
  int processed() const {
    int sum = 0;
    for (const auto& one : counts_) sum += one;
    return sum;
  }
  int least() const { return *std::min_element(counts_.begin(), counts_.end()); }
  std::string counts() const {
    std::string out;
    for (const auto& one : counts_) out += fmt::format("{} ", one.load());
    return out;
  }

  testkit::KafkaServer kafka_;
  testkit::KafkaClient client_{kafka_.bootstrap(), {{"compression.codec", "lz4"}}};
  RealClock clock_;
  Metrics metrics_;
  Counts counts_{};
  int total_ = 0;
};

TEST_F(FairnessTest, NoPartitionFallsFarBehind) {
  produce(160, random_text(kMessageBytes));
  read(kDefaultMemoryLimit, 2ms, [&] { return processed() >= total_ / 2; });
  EXPECT_GT(least(), 80 / 4) << counts();
}

// One fetch unpacks to more than a burst brings, so only the first partitions of the order would be read.
TEST_F(FairnessTest, APartitionThatNoBurstReachesHasATurn) {
  std::string value;
  for (const std::string part = random_text(kMessageBytes / 25); value.size() < kMessageBytes;) value += part;
  produce(200, value);
  read(16 << 20, 10ms, [&] { return least() > 0 || processed() > total_ * 2 / 3; });
  EXPECT_GT(least(), 0) << counts();
}

}  // namespace
}  // namespace freshet
