#include "testkit/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace freshet::testkit {
namespace {

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

template <typename Address>
sockaddr* as_address(Address* address) {
  return static_cast<sockaddr*>(static_cast<void*>(address));
}

Fd tcp_socket() {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) throw std::system_error(errno, std::generic_category(), "socket");
  return fd;
}

// False if `stop` was set first.
bool wait_for(const Fd& fd, const StopFlag& stop, short events) {
  while (true) {
    pollfd fds[2] = {{fd.get(), events, 0}, {stop.fd(), POLLIN, 0}};
    const int n = ::poll(fds, 2, -1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 || fds[1].revents != 0) return false;
    if (fds[0].revents != 0) return true;
  }
}

}  // namespace

void Fd::reset() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Fd::shut_down() const noexcept {
  if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

StopFlag::StopFlag() : event_(::eventfd(0, EFD_CLOEXEC)) {
  if (!event_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void StopFlag::set() noexcept {
  set_ = true;
  const uint64_t one = 1;
  while (::write(event_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

Fd listen_on_loopback(uint16_t port) {
  Fd fd = tcp_socket();
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = loopback(port);
  if (::bind(fd.get(), as_address(&address), sizeof address) != 0 || ::listen(fd.get(), 64) != 0) {
    throw std::system_error(errno, std::generic_category(), "listen on 127.0.0.1:" + std::to_string(port));
  }
  return fd;
}

uint16_t port_of(const Fd& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(listener.get(), as_address(&address), &size);
  return ntohs(address.sin_port);
}

Fd connect_to_loopback(uint16_t port) {
  Fd fd = tcp_socket();
  sockaddr_in address = loopback(port);
  if (::connect(fd.get(), as_address(&address), sizeof address) != 0) return Fd();
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

Fd accept_from(const Fd& listener, const StopFlag& stop) {
  while (wait_for(listener, stop, POLLIN)) {
    Fd fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return fd;
    }
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
  }
  return Fd();
}

void close_with_reset(Fd& fd) {
  const linger now{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  fd.reset();
}

bool receive(const Fd& fd, const StopFlag& stop, std::string& into) {
  thread_local std::string buffer(256 * 1024, '\0');
  while (wait_for(fd, stop, POLLIN)) {
    const ssize_t n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    into.append(buffer.data(), static_cast<size_t>(n));
    return true;
  }
  return false;
}

bool send_all(const Fd& fd, const StopFlag& stop, std::string_view bytes) {
  while (!bytes.empty()) {
    if (!wait_for(fd, stop, POLLOUT)) return false;
    const ssize_t n = ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

void wait_for_end(const Fd& fd, const StopFlag& stop) {
  std::string ignored;
  while (receive(fd, stop, ignored)) ignored.clear();
}

LoopbackServer::LoopbackServer(Serve serve, uint16_t port)
    : serve_(std::move(serve)), listener_(listen_on_loopback(port)), port_(port_of(listener_)) {
  acceptor_ = std::jthread([this] { accept_loop(); });
}

LoopbackServer::~LoopbackServer() {
  stop_.set();
  acceptor_.join();
  const std::lock_guard lock(mutex_);
  connections_.clear();
}

void LoopbackServer::accept_loop() {
  while (Fd connection = accept_from(listener_, stop_)) {
    const std::lock_guard lock(mutex_);
    connections_.emplace_back([this, fd = std::move(connection)]() mutable { serve_(std::move(fd), stop_); });
  }
}

}  // namespace freshet::testkit
