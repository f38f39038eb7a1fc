// The stream with its threads. Its decisions are tested in tests/flow, on one thread.
#include "stream/stream.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <map>
#include <set>
#include <thread>

#include "ports/failure_latch.h"
#include "snuba_outputs/side_outputs.h"
#include "testkit/child_process.h"
#include "testkit/fake_clock.h"
#include "testkit/fake_source.h"
#include "testkit/stop_control.h"

namespace freshet::stream {
namespace {

class LineProcessor final : public Processor {
 public:
  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext&, const Message& message, std::string& rows) override {
    if (message.payload->empty()) return ProcessResult::invalid("empty", "nothing in it");
    rows.append(*message.payload);
    rows += '\n';
    return ProcessResult::rows(1, true);
  }

 private:
  RowLayout layout_;
};

// The rows that all writers stored.
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

// Acknowledges from its own thread, as a real producer does.
class AckingProducer final : public RecordProducer {
 public:
  explicit AckingProducer(OnResult on_result)
      : dead_letters_(10'000), thread_([this, on_result](std::stop_token stop) {
          while (const auto ticket = dead_letters_.pop(stop)) on_result(*ticket, {});
        }) {}
  Status produce(const ProducerRecordView&, uint64_t ticket) override {
    dead_letters_.push(ticket);
    return {};
  }
  void reset() override {}
  void purge() override {}

 private:
  Mailbox<uint64_t> dead_letters_;
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
  StreamDependencies dependencies;
  dependencies.processors = [] { return std::make_unique<LineProcessor>(); };
  dependencies.writers = [&table] { return std::make_unique<TableWriter>(table); };
  dependencies.has_dead_letters = true;
  Stream stream(settings, std::move(dependencies), options, clock, null_log(), metrics);
  AckingProducer dead_letters(stream.dead_letter_results());
  stream.set_dead_letters(&dead_letters);
  testkit::FakeSource source(4);
  std::stop_source stop;
  std::jthread loop([&] {
    testkit::StopControl control(stop.get_token());
    const std::stop_callback wake(stop.get_token(), [&] { stream.wake(); });
    const RunResult result = stream.run(source, 1, control);
    EXPECT_EQ(result.end, End::Stopped);
  });
  for (int i = 0; i < kMessages; ++i) source.produce(i % 4, i % 100 == 7 ? "" : std::to_string(i));
  options.clickhouse_concurrency = 5;
  stream.set_options(options);
  EXPECT_TRUE(testkit::eventually(std::chrono::minutes(2), [&] { return source.committed() == kMessages; }));
  EXPECT_FALSE(stream.skip({Partition{0}, Offset{1}, {}}));
  stop.request_stop();
  loop.join();
  EXPECT_EQ(table.size(), static_cast<size_t>(kMessages - kMessages / 100));
  EXPECT_EQ(stream.status()->in_flight_bytes, 0u);
  EXPECT_EQ(stream.status()->dead_letters, static_cast<uint64_t>(kMessages / 100));
}

constexpr auto kCommitLog = static_cast<size_t>(snuba_outputs::SideTopicName::CommitLog);
constexpr auto kReplacements = static_cast<size_t>(snuba_outputs::SideTopicName::Replacements);

std::unique_ptr<OffsetGate> gate(const snuba_outputs::SideOutputSettings& outputs, Metrics& metrics) {
  return std::make_unique<snuba_outputs::SideOutputs>(outputs, "t", "g", "", metrics, null_log());
}

// An ordered producer with its own thread, which is full once and fails some records once.
class FlakyProducer final : public RecordProducer {
 public:
  explicit FlakyProducer(OnResult on_result)
      : records_(10'000), on_result_(std::move(on_result)), thread_([this](std::stop_token stop) { serve(stop); }) {}

  Status produce(const ProducerRecordView& record, uint64_t ticket) override {
    MutexLock lock(mutex_);
    if (latch_.latched()) return failure(ErrorKind::Retry, "failed records are retried first");
    if (++produced_ == 7) return failure(ErrorKind::Retry, "full");
    std::pair<uint64_t, ProducerRecord> one{ticket, {std::string(*record.key), std::string(*record.value)}};
    records_.push(one);
    return {};
  }
  void reset() override { latch_.reset(); }
  void purge() override {}
  std::vector<ProducerRecord> taken() {
    MutexLock lock(mutex_);
    return taken_;
  }

 private:
  void serve(std::stop_token stop) {
    for (int n = 1; auto one = records_.pop(stop); ++n) {
      if (n == 11) {
        // Fails this record and all behind it, like a producer that ends with a fatal error.
        std::vector<std::pair<uint64_t, ProducerRecord>> rest;
        {
          MutexLock lock(mutex_);  // accept no record between the failure and its first report
          records_.drain_into(rest);
          rest.insert(rest.begin(), *std::move(one));
          for (size_t i = 0; i < rest.size(); ++i) latch_.begin();
        }
        for (const auto& [ticket, record] : rest) {
          on_result_(ticket, failure(ErrorKind::Retry, "fatal"));
          latch_.end();
        }
        continue;
      }
      {
        MutexLock lock(mutex_);
        taken_.push_back(one->second);
      }
      on_result_(one->first, {});
    }
  }

  Mailbox<std::pair<uint64_t, ProducerRecord>> records_;
  const OnResult on_result_;
  Mutex mutex_;
  FailureLatch latch_;
  int produced_ GUARDED_BY(mutex_) = 0;
  std::vector<ProducerRecord> taken_ GUARDED_BY(mutex_);
  std::jthread thread_;
};

// Answers when the loop calls reset(), and then fails some records, with those behind them.
class LateFailureProducer final : public RecordProducer {
 public:
  LateFailureProducer(OnResult on_result, std::function<void()> wake)
      : on_result_(std::move(on_result)), wake_(std::move(wake)) {}

  Status produce(const ProducerRecordView& record, uint64_t ticket) override {
    if (latch_.latched()) return failure(ErrorKind::Retry, "failed records are retried first");
    held_.push_back({ticket, {std::string(*record.key), std::string(*record.value)}});
    wake_();
    return {};
  }
  void reset() override {
    bool failed = false;
    for (auto& [ticket, record] : std::exchange(held_, {})) {
      ++answered_;
      failed = failed || answered_ == 5 || answered_ == 25;
      if (failed) {
        latch_.begin();
        on_result_(ticket, failure(ErrorKind::Retry, "fatal"));
        latch_.end();
      } else {
        taken_.push_back(std::move(record));
        on_result_(ticket, {});
      }
    }
    latch_.reset();
  }
  void purge() override {}
  std::vector<ProducerRecord> taken() { return taken_; }

 private:
  const OnResult on_result_;
  const std::function<void()> wake_;
  FailureLatch latch_;
  int answered_ = 0;
  std::vector<std::pair<uint64_t, ProducerRecord>> held_;
  std::vector<ProducerRecord> taken_;
};

// `make_producer(stream)` returns the producer of the commit log.
template <typename MakeProducer>
void expect_ordered_side_records(MakeProducer make_producer) {
  constexpr int kMessages = 6'000;
  RealClock clock;
  Metrics metrics;
  Table table;
  StreamSettings settings;
  settings.topic = "t";
  settings.consumer_group = "g";
  settings.concurrency = 2;
  settings.commit_interval = std::chrono::milliseconds(5);
  LiveOptions options;
  options.max_batch_rows = 100;
  options.max_batch_time = std::chrono::milliseconds(5);
  options.clickhouse_concurrency = 3;
  StreamDependencies dependencies;
  dependencies.processors = [] { return std::make_unique<LineProcessor>(); };
  dependencies.writers = [&table] { return std::make_unique<TableWriter>(table); };
  dependencies.gate = gate({.commit_log = true}, metrics);
  Stream stream(settings, std::move(dependencies), options, clock, null_log(), metrics);
  const auto log = make_producer(stream);
  stream.set_side_producer(kCommitLog, log.get());
  testkit::FakeSource source(3);
  std::stop_source stop;
  std::jthread loop([&] {
    testkit::StopControl control(stop.get_token());
    const std::stop_callback wake(stop.get_token(), [&] { stream.wake(); });
    stream.run(source, 1, control);
  });
  for (int i = 0; i < kMessages; ++i) source.produce(i % 3, std::to_string(i));
  EXPECT_TRUE(testkit::eventually(std::chrono::minutes(2), [&] { return source.committed() == kMessages; }));
  stop.request_stop();
  loop.join();
  std::map<std::string, int64_t> told;
  for (const ProducerRecord& record : log->taken()) {
    int64_t next = 0;
    ASSERT_EQ(std::sscanf(record.value.c_str(), "{\"offset\":%ld,", &next), 1);
    EXPECT_GT(next, told[*record.key]) << *record.key;
    told[*record.key] = next;
  }
  EXPECT_EQ(told, (std::map<std::string, int64_t>{{"t:0:g", 2000}, {"t:1:g", 2000}, {"t:2:g", 2000}}));
  EXPECT_EQ(table.size(), size_t{kMessages});
}

TEST(StreamTest, SideRecordsKeepTheirOrderThroughAProducerThatFails) {
  expect_ordered_side_records(
      [](Stream& stream) { return std::make_unique<FlakyProducer>(stream.side_results(kCommitLog)); });
}

// A reset acts on failures that were reported just before it, so the loop must take the results after the reset.
TEST(StreamTest, SideRecordsKeepTheirOrderIfAFailureIsReportedAtTheReset) {
  expect_ordered_side_records([](Stream& stream) {
    return std::make_unique<LateFailureProducer>(stream.side_results(kCommitLog), [&stream] { stream.wake(); });
  });
}

class ReplacingProcessor final : public Processor {
 public:
  explicit ReplacingProcessor(std::atomic<int>& processed) : processed_(processed) {}
  const RowLayout& layout() const override { return layout_; }
  ProcessResult process(const MessageContext&, const Message&, std::string&) override {
    ProcessResult result;
    result.kind = ProcessResult::Kind::Record;
    ++processed_;
    return result;
  }

 private:
  std::atomic<int>& processed_;
  RowLayout layout_;
};

// A producer whose queue is full until the test opens it.
class FullProducer final : public RecordProducer {
 public:
  explicit FullProducer(OnResult on_result)
      : records_(100'000), thread_([this, on_result](std::stop_token stop) {
          while (const auto ticket = records_.pop(stop)) on_result(*ticket, {});
        }) {}
  Status produce(const ProducerRecordView&, uint64_t ticket) override {
    if (!open.load()) {
      ++rejected;
      return failure(ErrorKind::Retry, "full");
    }
    records_.push(ticket);
    return {};
  }
  void reset() override {}
  void purge() override {}
  std::atomic<bool> open{false};
  std::atomic<uint64_t> rejected{0};

 private:
  Mailbox<uint64_t> records_;
  std::jthread thread_;
};

// More records are rejected in one turn than the loop's mailbox has room for. The test controls the clock: otherwise a
// slow machine would retry all of them in every turn.
TEST(StreamTest, AProducerThatIsFullForLongDoesNotStopTheLoop) {
  constexpr int kMessages = 90'000;
  testkit::FakeClock clock;
  Metrics metrics;
  Table table;
  StreamSettings settings;
  settings.topic = "t";
  settings.memory_limit = 28'000'000;
  StreamDependencies dependencies;
  std::atomic<int> processed{0};
  dependencies.processors = [&processed] { return std::make_unique<ReplacingProcessor>(processed); };
  dependencies.writers = [&table] { return std::make_unique<TableWriter>(table); };
  dependencies.gate = gate({.replacements = true}, metrics);
  Stream stream(settings, std::move(dependencies), {}, clock, null_log(), metrics);
  FullProducer topic(stream.side_results(kReplacements));
  stream.set_side_producer(kReplacements, &topic);
  testkit::FakeSource source(1);
  for (int i = 0; i < kMessages; ++i) source.produce(0, "x");
  const std::jthread loop([&](std::stop_token stop) {
    testkit::StopControl control(stop);
    const std::stop_callback wake(stop, [&] { stream.wake(); });
    stream.run(source, 1, control);
  });
  const auto comes = [&](const auto& condition) { return testkit::eventually(std::chrono::minutes(2), condition); };
  ASSERT_TRUE(comes([&] { return processed == kMessages; }));
  EXPECT_TRUE(comes([&, seen = topic.rejected.load()] {
    clock.advance(std::chrono::seconds(1));
    return topic.rejected.load() >= seen + 2;
  }));
  topic.open.store(true);
  EXPECT_TRUE(comes([&] {
    clock.advance(std::chrono::seconds(1));
    return source.committed() == kMessages;
  }));
}

}  // namespace
}  // namespace freshet::stream
