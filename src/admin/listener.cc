#include "admin/listener.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

namespace freshet::admin {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

void set_option(int descriptor, int level, int option, int value) {
  setsockopt(descriptor, level, option, &value, sizeof value);
}

// Returns -1 and sets errno on failure.
int listening_socket(const addrinfo& address) {
  const int descriptor = socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return -1;
  // Not SO_REUSEPORT: two processes could share the port without noticing.
  set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.ai_family == AF_INET6) set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  if (bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 && listen(descriptor, SOMAXCONN) == 0) {
    return descriptor;
  }
  const int error = errno;
  close(descriptor);
  errno = error;
  return -1;
}

}  // namespace

Result<Listener> Listener::open(const NetAddress& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port.value_or(0));
  if (const int error = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return failure(ErrorKind::Fatal, gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> list(found);
  std::string why = "no address";
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
    Listener listener(listening_socket(*one));
    if (listener.descriptor_ >= 0 && listener.learn_own_address()) return listener;
    why = std::strerror(errno);
  }
  return failure(ErrorKind::Fatal, why);
}

Listener::~Listener() {
  if (descriptor_ >= 0) close(descriptor_);
}

Listener::Listener(Listener&& other) noexcept
    : descriptor_(other.release()), family_(other.family_), port_(other.port_), on_loopback_(other.on_loopback_) {}

bool Listener::learn_own_address() {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  auto* const address = static_cast<sockaddr*>(static_cast<void*>(&own));
  if (getsockname(descriptor_, address, &size) != 0) return false;
  if (getnameinfo(address, size, host.data(), host.size(), port.data(), port.size(), NI_NUMERICHOST | NI_NUMERICSERV) !=
      0) {
    return false;
  }
  family_ = own.ss_family;
  port_ = static_cast<uint16_t>(std::stoi(port.data()));
  const std::string text = family_ == AF_INET6 ? fmt::format("[{}]", host.data()) : std::string(host.data());
  const auto parsed = parse_net_address(text);
  on_loopback_ = parsed && parsed->is_loopback();
  return true;
}

}  // namespace freshet::admin
