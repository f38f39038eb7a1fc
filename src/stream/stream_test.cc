// The stream with its threads; what it decides is tested in tests/flow, on one thread.
#include "stream/stream.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "testkit/fake_source.h"
#include "testkit/stop_control.h"

namespace freshet::stream {
namespace {

class LineProcessor final : public Processor {
 public:
  const RowLayout& layout() const override { return layout_; }
  Verdict process(const MessageContext&, const Message& message, std::string& rows) override {
    if (message.payload->empty()) return Verdict::invalid("empty", "nothing in it");
    rows.append(*message.payload);
    rows += '\n';
    return Verdict::rows(1, true);
  }

 private:
  RowLayout layout_;
};

// What all writers stored.
struct Table {
  Mutex mutex;
  std::multiset<std::string> rows GUARDED_BY(mutex);
  size_t size() {
    MutexLock lock(mutex);
    return rows.size();
  }
};

class TableWriter final : public RowWriter {
 public:
  explicit TableWriter(Table& table) : table_(table) {}
  WriteOutcome write(const InsertRequest& request, const WriteControl& control) override {
    if (control.stop.stop_requested()) return {WriteOutcome::Kind::Abandoned, 0, "", {}};
    MutexLock lock(table_.mutex);
    for (const std::string_view part : request.rows) {
      for (size_t begin = 0; begin < part.size();) {
        const size_t end = part.find('\n', begin);
        table_.rows.emplace(part.substr(begin, end - begin));
        begin = end + 1;
      }
    }
    return {};
  }

 private:
  Table& table_;
};

// Acknowledges from a thread of its own, as a producer does.
class AckingLetters final : public DeadLetters {
 public:
  explicit AckingLetters(OnResult on_result)
      : letters_(10'000), thread_([this, on_result](std::stop_token stop) {
          while (const auto ticket = letters_.pop(stop)) on_result(*ticket, {});
        }) {}
  Status produce(const DeadLetter&, uint64_t ticket) override {
    letters_.push(ticket);
    return {};
  }

 private:
  Mailbox<uint64_t> letters_;
  std::jthread thread_;
};

TEST(StreamTest, ThreadsTogetherLoseNothing) {
  constexpr int kMessages = 20'000;
  RealClock clock;
  Metrics metrics;
  Table table;
  StreamSettings settings;
  settings.topic = "t";
  settings.concurrency = 3;
  settings.memory_limit = 200'000;
  settings.commit_interval = std::chrono::milliseconds(5);
  LiveOptions options;
  options.max_batch_rows = 300;
  options.max_batch_time = std::chrono::milliseconds(5);
  options.clickhouse_concurrency = 3;
  options.dead_letters_per_second = 0;
  StreamParts parts;
  parts.processors = [] { return std::make_unique<LineProcessor>(); };
  parts.writers = [&table] { return std::make_unique<TableWriter>(table); };
  parts.has_dead_letters = true;
  Stream stream(settings, std::move(parts), options, clock, null_log(), metrics);
  AckingLetters letters(stream.letter_results());
  stream.set_dead_letters(&letters);
  testkit::FakeSource source(4);
  std::stop_source stop;
  std::jthread loop([&] {
    testkit::StopControl control(stop.get_token());
    const std::stop_callback wake(stop.get_token(), [&] { stream.wake(); });
    const SessionResult result = stream.run(source, 1, control);
    EXPECT_EQ(result.end, End::Stopped);
  });
  for (int i = 0; i < kMessages; ++i) source.produce(i % 4, i % 100 == 7 ? "" : std::to_string(i));
  options.clickhouse_concurrency = 5;
  stream.set_options(options);
  while (source.committed() < kMessages) std::this_thread::yield();
  EXPECT_FALSE(stream.release(Partition{0}, Offset{1}));
  stop.request_stop();
  loop.join();
  EXPECT_EQ(table.size(), static_cast<size_t>(kMessages - kMessages / 100));
  EXPECT_EQ(stream.status()->in_flight_bytes, 0u);
  EXPECT_EQ(stream.status()->dead_letters, static_cast<uint64_t>(kMessages / 100));
}

}  // namespace
}  // namespace freshet::stream
