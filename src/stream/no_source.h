// A source without a consumer: the loop waits on it between two consumers.
#pragma once

#include <utility>

#include "base/clock.h"
#include "base/mutex.h"
#include "ports/source.h"

namespace freshet::stream {

// Threads: see Source. poll() delivers nothing; it returns early only after wake().
class NoSource final : public Source {
 public:
  explicit NoSource(Clock& clock) : clock_(clock) {}

  void poll(Duration timeout, const PollLimits&, std::vector<SourceEvent>&) override {
    MutexLock lock(mutex_);
    clock_.wait_until(changed_, mutex_, {}, clock_.steady_now() + timeout, [&]() REQUIRES(mutex_) { return woken_; });
    woken_ = false;
  }
  void wake() noexcept override {
    {
      MutexLock lock(mutex_);
      woken_ = true;
    }
    changed_.notify_all();
  }
  void pause(const std::vector<Partition>&) override {}
  void resume(const std::vector<Partition>&) override {}
  Status seek(Partition, Offset) override { return {}; }
  void refetch(Partition) override {}
  Status commit_async(const std::vector<OffsetToCommit>&) override {
    return failure(ErrorKind::Retry, "no Kafka consumer right now");
  }
  void answer_assign(const std::vector<StartAt>&) override {}
  void answer_revoke() override {}
  void begin_close(LeaveMode) override {}
  const Membership& membership() const override { return membership_; }
  std::optional<Offset> end_offset(Partition) const override { return std::nullopt; }

 private:
  const Membership membership_;
  Clock& clock_;
  Mutex mutex_;
  CondVar changed_;
  bool woken_ GUARDED_BY(mutex_) = false;
};

}  // namespace freshet::stream
