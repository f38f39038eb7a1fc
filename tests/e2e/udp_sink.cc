#include "udp_sink.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <sstream>
#include <stdexcept>

namespace freshet::e2e {

UdpSink::UdpSink() : socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  // A busy machine must lose no datagram. Without root the system's limit applies.
  const int buffer = 16 << 20;
  if (setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) != 0) {
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  }
  if (bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no UDP port");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](std::stop_token stop) { receive(stop); });
}

std::vector<std::string> UdpSink::lines() const {
  MutexLock lock(mutex_);
  return lines_;
}

void UdpSink::receive(std::stop_token stop) {
  std::array<char, 65536> datagram{};
  while (!stop.stop_requested()) {
    pollfd wait{socket_.get(), POLLIN, 0};
    if (poll(&wait, 1, 50) <= 0) continue;
    const ssize_t size = recv(socket_.get(), datagram.data(), datagram.size(), 0);
    if (size <= 0) continue;
    std::istringstream text(std::string(datagram.data(), static_cast<size_t>(size)));
    MutexLock lock(mutex_);
    for (std::string line; std::getline(text, line);) lines_.push_back(line);
  }
}

}  // namespace freshet::e2e
