#include "telemetry/line_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/threads.h"

namespace freshet::telemetry {
namespace {

constexpr int kLookEveryMs = 100;
constexpr int kLastLooks = 10;

// Opens the same pipe or terminal again. The new open file description keeps O_NONBLOCK from affecting other processes.
int open_again(int fd) noexcept {
  return open(fmt::format("/proc/self/fd/{}", fd).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

}  // namespace

LineWriter::Kind LineWriter::kind_of(int fd) noexcept {
  struct stat found {};
  if (fstat(fd, &found) != 0) return Kind::File;
  if (S_ISSOCK(found.st_mode)) return Kind::Socket;
  return S_ISFIFO(found.st_mode) || S_ISCHR(found.st_mode) ? Kind::Pipe : Kind::File;
}

LineWriter::LineWriter(int fd) : fd_(fd), kind_(kind_of(fd)), non_blocking_(kind_ == Kind::Pipe ? open_again(fd) : -1) {
  if (kind_ == Kind::File) return;
  // Without a thread, the next line writes the buffered data.
  if (auto thread = start_thread("log_writer", [this](std::stop_token stop) { flush(stop); }))
    thread_ = *std::move(thread);
}

LineWriter::~LineWriter() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  if (non_blocking_ >= 0) close(non_blocking_);
}

void LineWriter::write(std::string line) {
  MutexLock lock(mutex_);
  write_waiting();
  if (waiting_bytes_ + line.size() > kMaxWaiting) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  waiting_bytes_ += line.size();
  waiting_.push_back(std::move(line));
  write_waiting();
  if (!waiting_.empty()) more_.notify_one();
}

bool LineWriter::behind() {
  MutexLock lock(mutex_);
  return !waiting_.empty();
}

void LineWriter::write_waiting() {
  while (!waiting_.empty()) {
    const std::string_view rest = std::string_view(waiting_.front()).substr(written_of_first_);
    const ssize_t written = write_some(rest);
    if (written < 0) return drop_waiting();
    if (written == 0) return;
    written_of_first_ += static_cast<size_t>(written);
    if (static_cast<size_t>(written) < rest.size()) continue;
    waiting_bytes_ -= waiting_.front().size();
    waiting_.pop_front();
    written_of_first_ = 0;
  }
}

void LineWriter::drop_waiting() {
  dropped_.fetch_add(waiting_.size(), std::memory_order_relaxed);
  waiting_.clear();
  waiting_bytes_ = written_of_first_ = 0;
}

bool LineWriter::writable_within(int milliseconds) const noexcept {
  pollfd one{non_blocking_ >= 0 ? non_blocking_ : fd_, POLLOUT, 0};
  return poll(&one, 1, milliseconds) > 0;
}

ssize_t LineWriter::write_some(std::string_view text) noexcept {
  ssize_t written = -1;
  do {
    if (kind_ == Kind::Socket) {
      written = send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } else if (kind_ == Kind::File) {
      written = ::write(fd_, text.data(), text.size());
    } else if (non_blocking_ >= 0) {
      written = ::write(non_blocking_, text.data(), text.size());
    } else {  // a pipe that is writable accepts PIPE_BUF bytes without blocking
      if (!writable_within(0)) return 0;
      written = ::write(fd_, text.data(), std::min<size_t>(text.size(), PIPE_BUF));
    }
  } while (written < 0 && errno == EINTR);
  if (written < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -1;
  return written;
}

void LineWriter::flush(std::stop_token stop) {
  for (int looks_left = kLastLooks; looks_left > 0; looks_left -= stop.stop_requested() ? 1 : 0) {
    {
      MutexLock lock(mutex_);
      more_.wait(mutex_, stop, [this]() REQUIRES(mutex_) { return !waiting_.empty(); });
      if (waiting_.empty() && stop.stop_requested()) return;
    }
    if (!writable_within(kLookEveryMs)) continue;
    MutexLock lock(mutex_);
    write_waiting();
  }
}

}  // namespace freshet::telemetry
