// Writes log lines to a descriptor without blocking on a slow or stuck reader.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.h"

namespace freshet::telemetry {

// write() never waits for the reader of a pipe, socket or terminal. What cannot be written at once is buffered, up to
// kMaxWaiting bytes, and written by a background thread. Further lines are dropped and counted. Lines stay complete and
// in order. The destructor waits at most one second for buffered data to be written. Threads: any.
class LineWriter {
 public:
  static constexpr size_t kMaxWaiting = 1 << 20;

  // Does not take ownership of `fd`, which must stay open. Does not change its flags, because other processes may share
  // them.
  explicit LineWriter(int fd);
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // `line` must end with a line feed.
  void write(std::string line);
  bool behind();  // true if data is buffered
  uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  enum class Kind { File, Pipe, Socket };

  static Kind kind_of(int fd) noexcept;
  bool writable_within(int milliseconds) const noexcept;
  // Returns the number of bytes written, 0 if the reader is behind, or -1 if it is gone.
  ssize_t write_some(std::string_view text) noexcept;
  void write_waiting() REQUIRES(mutex_);
  void drop_waiting() REQUIRES(mutex_);
  void flush(std::stop_token stop);

  const int fd_;
  const Kind kind_;
  const int non_blocking_;  // a non-blocking descriptor of the same pipe or terminal; -1 = none
  std::atomic<uint64_t> dropped_{0};
  Mutex mutex_;
  CondVar more_;
  std::deque<std::string> waiting_ GUARDED_BY(mutex_);
  size_t waiting_bytes_ GUARDED_BY(mutex_) = 0;
  size_t written_of_first_ GUARDED_BY(mutex_) = 0;
  std::jthread thread_;  // not started if writing to `fd` cannot block
};

}  // namespace freshet::telemetry
