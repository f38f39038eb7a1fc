// Writes lines to a descriptor whose reader may have stopped reading.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.h"

namespace freshet::telemetry {

// Threads: any. write() never waits for the reader of a pipe, socket or terminal: data that cannot be written at once
// is buffered, at most kMaxWaiting bytes, and a thread writes it as soon as possible. Further lines are dropped and
// counted. Lines stay complete and in order. The destructor gives the reader one more second.
class LineWriter {
 public:
  static constexpr size_t kMaxWaiting = 1 << 20;

  // The caller keeps `fd` and must keep it open. Its flags are not changed, because other processes may share them.
  explicit LineWriter(int fd);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // `line` ends with its line feed.
  void write(std::string line);
  bool behind();  // data is buffered
  uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  enum class Kind { File, Pipe, Socket };

  static Kind kind_of(int fd) noexcept;
  bool writable_within(int milliseconds) const noexcept;
  // Bytes written; 0 = the reader is behind, -1 = it is gone.
  ssize_t write_some(std::string_view text) noexcept;
  void write_waiting() REQUIRES(mutex_);
  void drop_waiting() REQUIRES(mutex_);
  void flush(std::stop_token stop);

  const int fd_;
  const Kind kind_;
  const int non_blocking_;  // the same pipe or terminal, opened again; -1 = none
  std::atomic<uint64_t> dropped_{0};
  Mutex mutex_;
  CondVar more_;
  std::deque<std::string> waiting_ GUARDED_BY(mutex_);
  size_t waiting_bytes_ GUARDED_BY(mutex_) = 0;
  size_t written_of_first_ GUARDED_BY(mutex_) = 0;
  std::jthread thread_;  // none if writing to `fd` cannot block
};

}  // namespace freshet::telemetry
