#include "python_worker/python_processor.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "python_worker/frames.h"
#include "python_worker/python_worker_events.h"
#include "python_worker/python_worker_metrics.h"
#include "python_worker/worker_environment.h"
#include "python_worker/worker_process.h"

namespace freshet::python_worker {
namespace {

constexpr Duration kStartTimeout = std::chrono::seconds(60);  // imports can take a long time
constexpr Duration kFirstPause = std::chrono::milliseconds(100);
constexpr Duration kLongestPause = std::chrono::seconds(30);

WorkerCommand command_of(const processors::PythonSettings& settings) {
  return {settings.python, settings.module, settings.class_name,
          worker_environment(own_environment(), settings.environment), settings.memory_limit};
}

class PythonProcessor final : public Processor {
 public:
  PythonProcessor(const processors::PythonSettings& settings, Clock& clock, Log& log, Metrics& metrics)
      : settings_(settings), clock_(clock), log_(log), replaced_(workers_replaced(metrics)) {}

  const RowLayout& layout() const override { return layout_; }

  void begin_chunk(const MessageContext& context, std::span<const Message> messages) override {
    results_.clear();
    next_ = 0;
    const size_t most = settings_.max_queue_depth > 0 ? settings_.max_queue_depth : messages.size();
    while (!messages.empty()) {
      const auto part = messages.first(std::min(most, messages.size()));
      if (!ask(context, part)) ask_one_by_one(context, part);
      messages = messages.subspan(part.size());
    }
  }

  ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) override {
    // A message that is not part of the last chunk is sent alone.
    while (next_ < results_.size() && results_[next_].offset < message.offset) ++next_;
    if (next_ == results_.size() || results_[next_].offset != message.offset) {
      begin_chunk(context, {&message, 1});
    }
    MessageResult& done = results_[next_];
    rows += done.rows;
    ++next_;  // after the copy: if it throws bad_alloc, the message can be processed again
    done.rows = std::string();
    return std::move(done.result);
  }

  void interrupt() noexcept override {
    stop_.request_stop();
    MutexLock lock(mutex_);
    if (worker_) worker_->interrupt();
  }

 private:
  struct MessageResult {
    Offset offset;
    ProcessResult result;
    std::string rows;
  };

  // False: the worker failed and none of the messages was processed.
  bool ask(const MessageContext& context, std::span<const Message> messages) {
    WorkerProcess* const worker = running_worker();
    if (worker == nullptr) return false;
    const auto body = worker->ask(encode_request(context.partition, messages), settings_.timeout);
    auto replies = body ? decode_replies(*body, messages.size())
                        : Result<std::vector<WorkerReply>>(tl::make_unexpected(body.error()));
    if (!replies) {
      lose_worker(replies.error().text);
      return false;
    }
    for (size_t i = 0; i < messages.size(); ++i) take((*replies)[i], messages[i].offset);
    return true;
  }

  void ask_one_by_one(const MessageContext& context, std::span<const Message> messages) {
    for (const Message& message : messages) {
      if (ask(context, {&message, 1})) continue;
      results_.push_back(
          {message.offset,
           ProcessResult::invalid("python_worker", "a Python worker failed twice on this message: " + last_error_),
           {}});
    }
  }

  void take(const WorkerReply& from, Offset offset) {
    MessageResult& to = results_.emplace_back();
    to.offset = offset;
    switch (from.kind) {
      case WorkerReply::Kind::Rows:
        to.result = ProcessResult::rows(from.row_count);
        to.result.origin_timestamp_ms = from.origin_timestamp_ms.value_or(kNoTimestamp);
        to.rows = from.rows;
        break;
      case WorkerReply::Kind::Skip:
        to.result = ProcessResult::skip("python_none");
        break;
      case WorkerReply::Kind::Invalid:
        to.result = ProcessResult::invalid("python_invalid", std::string(from.reason));
        break;
    }
  }

  // Starts a worker if there is none. Returns null only after interrupt().
  WorkerProcess* running_worker() {
    for (Duration pause = kFirstPause; !worker_ && !stop_.stop_requested();
         pause = std::min(pause * 2, kLongestPause)) {
      auto started = WorkerProcess::start(command_of(settings_), clock_, log_, kStartTimeout);
      if (started) {
        MutexLock lock(mutex_);
        worker_ = *std::move(started);
        break;
      }
      log_.emit(WorkerNotStarted{started.error().text});
      sleep_interruptibly(clock_, stop_.get_token(), pause);
    }
    if (stop_.stop_requested() && worker_) worker_->interrupt();
    return worker_.get();
  }

  void lose_worker(const std::string& why) {
    last_error_ = why;
    if (!stop_.stop_requested()) {
      log_.emit(WorkerReplaced{why});
      replaced_.add();
    }
    MutexLock lock(mutex_);
    worker_.reset();
  }

  const processors::PythonSettings settings_;
  Clock& clock_;
  Log& log_;
  Counter& replaced_;
  const RowLayout layout_;
  std::vector<MessageResult> results_;  // results for the chunk, by ascending offset
  size_t next_ = 0;
  std::string last_error_;
  std::stop_source stop_;
  Mutex mutex_;                            // held to change worker_, and by interrupt()
  std::unique_ptr<WorkerProcess> worker_;  // the processor's thread reads it without the mutex
};

}  // namespace

Result<ProcessorFactory> make_factory(const processors::PythonSettings& settings, Clock& clock, Log& log,
                                      Metrics& metrics) {
  const auto tried = WorkerProcess::start(command_of(settings), clock, log, kStartTimeout);
  if (!tried) return tl::make_unexpected(tried.error());
  return
      [settings, &clock, &log, &metrics] { return std::make_unique<PythonProcessor>(settings, clock, log, metrics); };
}

}  // namespace freshet::python_worker
