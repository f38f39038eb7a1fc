#include "runtime_config/options_watcher.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/mailbox.h"
#include "runtime_config/stores.h"

namespace freshet::runtime_config {
namespace {

const OptionScope kScope{"my-group", "errors"};

RuntimeConfigSettings settings_of(std::string store) {
  RuntimeConfigSettings settings;
  settings.store = std::move(store);
  settings.redis_hash = "h";
  return settings;
}

TEST(ReadNowTest, SaysWhatTheStoreSaysOrWhatWasThere) {
  class Store final : public OptionSource {
   public:
    Result<RawOptions> read() override {
      if (down) return failure(ErrorKind::Retry, "down");
      return RawOptions{{"eap_items_emit_received_at", "true"}, {"freshet_max_batch_size", "ten"}};
    }
    std::string describe() const override { return "test"; }
    bool down = false;
  } store;
  LiveOptions initial;
  initial.max_batch_rows = 7;
  EXPECT_TRUE(read_now(store, kScope, initial).processors.eap_emit_received_at);
  EXPECT_EQ(read_now(store, kScope, initial).max_batch_rows, 7u);
  store.down = true;
  EXPECT_EQ(read_now(store, kScope, initial), initial);
}

// Returns results when the test says so, from another thread.
class SlowStore final : public OptionSource {
 public:
  Result<RawOptions> read() override {
    MutexLock lock(mutex_);
    ++reads_;
    if (!answer_) return failure(ErrorKind::Retry, "not yet");
    return *answer_;
  }
  std::optional<Error> degraded() const override {
    MutexLock lock(mutex_);
    if (!partly_) return std::nullopt;
    return Error{ErrorKind::Retry, 0, "a part"};
  }
  std::string describe() const override { return "slow"; }
  void answer(RawOptions options, bool partly = false) {
    MutexLock lock(mutex_);
    answer_ = std::move(options);
    partly_ = partly;
  }
  int reads() const {
    MutexLock lock(mutex_);
    return reads_;
  }

 private:
  mutable Mutex mutex_;
  std::optional<RawOptions> answer_ GUARDED_BY(mutex_);
  bool partly_ GUARDED_BY(mutex_) = false;
  int reads_ GUARDED_BY(mutex_) = 0;
};

TEST(OptionsWatcherTest, WhoNeedsTheFirstAnswerWaitsForItAndItIsAppliedByThen) {
  RealClock clock;
  Metrics metrics;
  auto store = std::make_unique<SlowStore>();
  SlowStore& says = *store;
  Snapshot<LiveOptions> applied{LiveOptions()};
  OptionsWatcher watcher(
      std::move(store), std::chrono::milliseconds(2), kScope, LiveOptions(),
      [&](const LiveOptions& options) { applied.set(options); }, clock, null_log(), metrics);
  const auto wait = [&](std::chrono::milliseconds limit, std::stop_token stop = {}) {
    return watcher.wait_for_answer(clock.steady_now() + limit, stop);
  };
  EXPECT_FALSE(wait(std::chrono::milliseconds(20))) << "bounded";
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(wait(std::chrono::hours(1), stop.get_token())) << "and interruptible";
  says.answer({{"freshet_max_batch_size", "9"}}, true);
  while (applied.get()->max_batch_rows != 9) std::this_thread::yield();
  EXPECT_FALSE(wait(std::chrono::milliseconds(20))) << "a part of the store is no answer";
  says.answer({{"freshet_max_batch_size", "10"}});
  EXPECT_TRUE(wait(std::chrono::hours(1)));
  EXPECT_EQ(applied.get()->max_batch_rows, 10u);
}

TEST(OptionsWatcherTest, TheFirstAnswerIsToldAlsoWhenItSaysNothing) {
  RealClock clock;
  Metrics metrics;
  auto store = std::make_unique<SlowStore>();
  store->answer({});
  std::atomic<int> told = 0;
  OptionsWatcher watcher(
      std::move(store), std::chrono::milliseconds(2), kScope, LiveOptions(), [&](const LiveOptions&) { ++told; }, clock,
      null_log(), metrics);
  EXPECT_TRUE(watcher.wait_for_answer(clock.steady_now() + std::chrono::hours(1), {}));
  EXPECT_EQ(told.load(), 1);
}

TEST(OptionsWatcherTest, AChangedFileIsSeenAndABrokenOneChangesNothing) {
  const auto path = std::filesystem::temp_directory_path() / ("freshet-options-" + std::to_string(getpid()));
  const auto write = [&](const std::string& text) {
    std::ofstream(path.string() + ".new") << text;
    std::filesystem::rename(path.string() + ".new", path);
  };
  write("freshet_max_batch_size: 10\n");
  RealClock clock;
  Metrics metrics;
  Mailbox<LiveOptions> changes(10);
  {
    OptionsWatcher watcher(
        *open_store(settings_of("file:" + path.string())), std::chrono::milliseconds(5), kScope, LiveOptions(),
        [&](LiveOptions options) { changes.push(options); }, clock, null_log(), metrics);
    EXPECT_EQ(changes.pop()->max_batch_rows, 10u);
    write("freshet_max_batch_size: [");
    while (metrics.gauge("freshet_runtime_config_up", "").value() != 0) std::this_thread::yield();
    EXPECT_EQ(watcher.current().max_batch_rows, 10u);
    write("freshet_max_batch_size: 12\nfreshet_log_level: loud\n");
    EXPECT_EQ(changes.pop()->max_batch_rows, 12u);
    EXPECT_EQ(metrics.counter("freshet_runtime_config_refused_total", "", {{"key", "freshet_log_level"}}).value(), 1u);
    write("");
    EXPECT_EQ(changes.pop()->max_batch_rows, LiveOptions().max_batch_rows);
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace freshet::runtime_config
