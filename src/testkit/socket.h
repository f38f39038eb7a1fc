// Loopback sockets for fakes and proxies. Every wait ends when the owner stops.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace freshet::testkit {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { reset(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void reset() noexcept;
  // Shuts down both directions; threads that wait on it see the end of the stream.
  void shut_down() const noexcept;

 private:
  int fd_ = -1;
};

// Once set, its descriptor stays readable. Threads: any.
class StopFlag {
 public:
  StopFlag();
  void set() noexcept;
  bool is_set() const { return set_.load(); }
  int fd() const { return event_.get(); }

 private:
  Fd event_;
  std::atomic<bool> set_{false};
};

// Throws std::system_error if the port is taken. Port 0: any free port.
Fd listen_on_loopback(uint16_t port);
// The port that `listener` is bound to.
uint16_t port_of(const Fd& listener);
Fd connect_to_loopback(uint16_t port);  // empty if refused
// Empty if `stop` was set or the listener was shut down.
Fd accept_from(const Fd& listener, const StopFlag& stop);
// Closes with a reset (RST) instead of an orderly shutdown.
void close_with_reset(Fd& fd);

// Appends received data; false at the end of the stream, on an error, or if `stop` was set.
bool receive(const Fd& fd, const StopFlag& stop, std::string& into);
bool send_all(const Fd& fd, const StopFlag& stop, std::string_view bytes);
// Waits until the peer has closed or `stop` was set.
void wait_for_end(const Fd& fd, const StopFlag& stop);

// Accepts connections and serves each on its own thread until destroyed. `serve` must return when `stop` is set.
class LoopbackServer {
 public:
  using Serve = std::function<void(Fd connection, const StopFlag& stop)>;

  explicit LoopbackServer(Serve serve, uint16_t port = 0);
  ~LoopbackServer();
  uint16_t port() const { return port_; }

 private:
  void accept_loop();

  const Serve serve_;
  StopFlag stop_;
  Fd listener_;
  uint16_t port_;
  std::mutex mutex_;
  std::list<std::jthread> connections_;  // guarded by mutex_
  std::jthread acceptor_;
};

}  // namespace freshet::testkit
