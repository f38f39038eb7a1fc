#include "telemetry/statsd_transport.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace freshet::telemetry {
namespace {

constexpr std::string_view kDatagram = "unixgram://";
constexpr std::string_view kStream = "unix://";
constexpr std::string_view kUdp = "udp://";

tl::unexpected<Error> failed(std::string_view address, int error) {
  return failure(ErrorKind::Retry, fmt::format("{}: {}", address, std::strerror(error)), error);
}

void limit_sending(int fd) {
  const timeval second{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
}

struct AddressesFreed {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

}  // namespace

StatsdTransport::StatsdTransport(std::string address)
    : address_(std::move(address)), stream_(address_.starts_with(kStream)) {}

StatsdTransport::~StatsdTransport() { close(); }

size_t StatsdTransport::max_payload(bool june) const {
  if (june) return 512;
  return address_.starts_with(kDatagram) || stream_ ? 8192 : 1432;
}

void StatsdTransport::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Status StatsdTransport::open() {
  if (fd_ >= 0) return {};
  if (address_.starts_with(kDatagram)) return open_unix(address_.substr(kDatagram.size()), SOCK_DGRAM);
  if (stream_) return open_unix(address_.substr(kStream.size()), SOCK_STREAM);
  return open_udp(address_.starts_with(kUdp) ? address_.substr(kUdp.size()) : address_);
}

Status StatsdTransport::open_udp(const std::string& host_port) {
  const size_t colon = host_port.rfind(':');
  std::string host = host_port.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string port = host_port.substr(colon + 1);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &list); error != 0) {
    return failure(ErrorKind::Retry, fmt::format("{}: {}", address_, gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, AddressesFreed> addresses(list);
  fd_ = socket(addresses->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0 || connect(fd_, addresses->ai_addr, addresses->ai_addrlen) != 0) {
    const int error = errno;
    close();
    return failed(address_, error);
  }
  limit_sending(fd_);
  return {};
}

Status StatsdTransport::open_unix(const std::string& path, int type) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.size() >= sizeof name.sun_path) return failed(address_, ENAMETOOLONG);
  std::memcpy(name.sun_path, path.c_str(), path.size() + 1);
  fd_ = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
  if (fd_ >= 0) limit_sending(fd_);
  if (fd_ < 0 || connect(fd_, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
    const int error = errno;
    close();
    return failed(address_, error);
  }
  return {};
}

Status StatsdTransport::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return failed(address_, errno);
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return {};
}

Status StatsdTransport::send(std::string_view payload) {
  if (const Status opened = open(); !opened) return opened;
  std::string framed;
  if (stream_) {
    const auto size = static_cast<uint32_t>(payload.size());
    for (int shift = 0; shift < 32; shift += 8) framed += static_cast<char>(size >> shift & 0xff);
  }
  framed += payload;
  Status sent = write_all(framed);
  // The stream may contain half a frame, or the agent is gone: the next payload needs a new connection.
  if (!sent) close();
  return sent;
}

}  // namespace freshet::telemetry
