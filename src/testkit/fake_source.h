// A Source with one assignment that delivers messages from memory.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ports/source.h"

namespace freshet::testkit {

// Threads: as for Source; produce() and committed() by any.
class FakeSource final : public Source {
 public:
  explicit FakeSource(int32_t partitions) {
    for (int32_t p = 0; p < partitions; ++p) logs_[Partition{p}];
  }

  void produce(int32_t partition, const std::string& payload) {
    {
      MutexLock lock(mutex_);
      logs_[Partition{partition}].messages.push_back(payload);
    }
    wake();
  }
  int64_t committed() {
    MutexLock lock(mutex_);
    int64_t sum = 0;
    for (const auto& [partition, log] : logs_) sum += log.committed;
    return sum;
  }

  void poll(Duration timeout, const PollLimits& limits, std::vector<SourceEvent>& out) override {
    MutexLock lock(mutex_);
    changed_.wait_for(mutex_, std::min<Duration>(timeout, std::chrono::milliseconds(5)),
                      [&]() REQUIRES(mutex_) { return std::exchange(woken_, false); });
    for (SourceEvent& event : events_) out.push_back(std::move(event));
    events_.clear();
    if (!assigned_) {
      assigned_ = true;
      PartitionsAssigned all;
      for (const auto& [partition, log] : logs_) all.partitions.push_back({partition, Offset{log.committed}, ""});
      out.push_back(std::move(all));
      return;
    }
    uint64_t bytes = 0;
    for (auto& [partition, log] : logs_) {
      if (!log.paused && !closing_ && bytes < limits.bytes)
        bytes += deliver(partition, log, limits.chunk_messages, out);
    }
  }
  void wake() noexcept override {
    {
      MutexLock lock(mutex_);
      woken_ = true;
    }
    changed_.notify_all();
  }
  void pause(const std::vector<Partition>& partitions) override { set_paused(partitions, true); }
  void resume(const std::vector<Partition>& partitions) override { set_paused(partitions, false); }
  void refetch(Partition) override {}
  Status seek(Partition partition, Offset next) override {
    MutexLock lock(mutex_);
    logs_[partition].next = next.value;
    return {};
  }
  Status commit_async(const std::vector<OffsetToCommit>& offsets) override {
    MutexLock lock(mutex_);
    CommitResult result;
    for (const OffsetToCommit& offset : offsets) {
      logs_[offset.partition].committed = offset.next.value;
      result.committed.emplace_back(offset.partition, offset.next);
    }
    events_.push_back(std::move(result));
    return {};
  }
  void answer_assign(const std::vector<StartAt>& starts) override {
    MutexLock lock(mutex_);
    for (const StartAt& start : starts) logs_[start.partition].next = start.next.value;
  }
  void answer_revoke() override {
    MutexLock lock(mutex_);
    events_.push_back(ConsumerClosed{});
  }
  void begin_close(LeaveMode) override {
    MutexLock lock(mutex_);
    closing_ = true;
    PartitionsRevoked all;
    for (const auto& [partition, log] : logs_) all.partitions.push_back(partition);
    events_.push_back(std::move(all));
  }
  const Membership& membership() const override { return membership_; }
  std::optional<Offset> end_offset(Partition partition) const override {
    MutexLock lock(mutex_);
    return Offset{static_cast<int64_t>(logs_.at(partition).messages.size())};
  }

 private:
  struct Log {
    std::deque<std::string> messages;
    int64_t next = 0;
    int64_t committed = 0;
    bool paused = false;
  };
  struct NoMemory final : MessageMemory {
    void release(void*) const noexcept override {}
    void headers(const void*, std::vector<HeaderView>&) const override {}
  };

  uint64_t deliver(Partition partition, Log& log, size_t max, std::vector<SourceEvent>& out) REQUIRES(mutex_) {
    MessageChunk chunk;
    chunk.partition = partition;
    for (; chunk.messages.size() < max && log.next < static_cast<int64_t>(log.messages.size()); ++log.next) {
      Message message(&memory_, nullptr, nullptr);
      message.offset = Offset{log.next};
      message.payload = log.messages[static_cast<size_t>(log.next)];
      chunk.bytes += message.bytes();
      chunk.messages.push_back(std::move(message));
    }
    const uint64_t bytes = chunk.bytes;
    if (!chunk.messages.empty()) out.push_back(std::move(chunk));
    return bytes;
  }
  void set_paused(const std::vector<Partition>& partitions, bool paused) {
    MutexLock lock(mutex_);
    for (const Partition partition : partitions) logs_[partition].paused = paused;
  }

  const NoMemory memory_;
  const Membership membership_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::map<Partition, Log> logs_ GUARDED_BY(mutex_);
  std::vector<SourceEvent> events_ GUARDED_BY(mutex_);
  bool assigned_ GUARDED_BY(mutex_) = false;
  bool closing_ GUARDED_BY(mutex_) = false;
  bool woken_ GUARDED_BY(mutex_) = false;
};

}  // namespace freshet::testkit
