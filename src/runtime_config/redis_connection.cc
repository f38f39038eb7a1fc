#include "runtime_config/redis_connection.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace freshet::runtime_config {
namespace {

tl::unexpected<Error> failed(const std::string& text) { return failure(ErrorKind::Retry, text); }
tl::unexpected<Error> too_late() { return failed("no whole answer in time"); }
tl::unexpected<Error> interrupted() { return failure(ErrorKind::Stopping, "interrupted"); }

Status wait_for(int fd, short events, Clock& clock, const Interruption& interruption, SteadyTime deadline) {
  while (true) {
    if (interruption.is_set()) return interrupted();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.steady_now()).count();
    if (left <= 0) return too_late();
    std::array<pollfd, 2> fds{pollfd{fd, events, 0}, pollfd{interruption.fd(), POLLIN, 0}};
    const int ready = poll(fds.data(), fds.size(), static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return failed(std::strerror(errno));
    if (ready > 0 && fds[0].revents != 0 && fds[1].revents == 0) return {};
  }
}

struct AddressesFreed {
  void operator()(addrinfo* addresses) const noexcept { freeaddrinfo(addresses); }
};
using Addresses = std::unique_ptr<addrinfo, AddressesFreed>;

// Memory that the C library writes to while it resolves a name on its own thread.
struct LookUp {
  std::string host;
  std::string port;
  addrinfo hints{};
  gaicb request{};
};

// Never freed, because the C library may still write to it. It stays reachable: a leak checker reports what is not.
void keep_for_ever(std::unique_ptr<LookUp> look_up) {
  static Mutex mutex;
  static auto& kept = *std::make_unique<std::vector<std::unique_ptr<LookUp>>>().release();
  MutexLock lock(mutex);
  kept.push_back(std::move(look_up));
}

// A name server may be silent for half a minute; this returns at `deadline`.
Result<Addresses> look_up(const std::string& host, int port, Clock& clock, const Interruption& interruption,
                          SteadyTime deadline) {
  if (interruption.is_set()) return interrupted();
  auto look_up = std::make_unique<LookUp>();
  look_up->host = host;
  look_up->port = std::to_string(port);
  look_up->hints.ai_socktype = SOCK_STREAM;
  look_up->request.ar_name = look_up->host.c_str();
  look_up->request.ar_service = look_up->port.c_str();
  look_up->request.ar_request = &look_up->hints;
  // A numeric address needs no name server and no thread. ThreadSanitizer does not know the C library's threads.
#ifndef __SANITIZE_THREAD__
  look_up->hints.ai_flags = AI_NUMERICHOST;
#endif
  addrinfo* at_once = nullptr;
  if (getaddrinfo(host.c_str(), look_up->port.c_str(), &look_up->hints, &at_once) == 0) return Addresses(at_once);
  look_up->hints.ai_flags = 0;
  gaicb* list[] = {&look_up->request};
  if (const int error = getaddrinfo_a(GAI_NOWAIT, list, 1, nullptr); error != 0) return failed(gai_strerror(error));
  int state = EAI_INPROGRESS;
  while ((state = gai_error(list[0])) == EAI_INPROGRESS && clock.steady_now() < deadline && !interruption.is_set()) {
    const timespec a_moment{0, 20'000'000};
    gai_suspend(list, 1, &a_moment);
  }
  const bool in_use =
      state == EAI_INPROGRESS && gai_cancel(list[0]) != EAI_CANCELED && gai_error(list[0]) == EAI_INPROGRESS;
  if (in_use) keep_for_ever(std::move(look_up));
  if (interruption.is_set()) return interrupted();
  if (state == EAI_INPROGRESS) return failed(fmt::format("the name {} is not resolved in time", host));
  if (state != 0) return failed(fmt::format("{}: {}", host, gai_strerror(state)));
  return Addresses(look_up->request.ar_result);
}

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  int get() const { return fd_; }
  int keep() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Result<Socket> connect_to(const addrinfo& address, Clock& clock, const Interruption& interruption,
                          SteadyTime deadline) {
  Socket socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.get() < 0) return failed(std::strerror(errno));
  const int at_once = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  if (connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return socket;
  if (errno != EINPROGRESS) return failed(std::strerror(errno));
  if (const Status ready = wait_for(socket.get(), POLLOUT, clock, interruption, deadline); !ready) {
    return tl::make_unexpected(ready.error());
  }
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return failed(std::strerror(error));
  return socket;
}

}  // namespace

Interruption::Interruption() : fd_(eventfd(0, EFD_CLOEXEC)) {}
Interruption::~Interruption() { close(fd_); }

void Interruption::set() noexcept {
  set_.store(true);
  const uint64_t one = 1;
  if (write(fd_, &one, sizeof one) < 0) return;  // waits check the flag as well
}

RedisConnection::RedisConnection(int fd, Clock& clock, const Interruption& interruption)
    : fd_(fd),
      clock_(clock),
      interruption_(interruption),
      replies_([this](std::string& buffer) { return receive(buffer); }) {}

RedisConnection::~RedisConnection() { close(fd_); }

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const std::string& host, int port, Clock& clock,
                                                               const Interruption& interruption, SteadyTime deadline) {
  const auto addresses = look_up(host, port, clock, interruption, deadline);
  if (!addresses) return tl::make_unexpected(addresses.error());
  std::optional<Error> last;
  for (const addrinfo* one = addresses->get(); one != nullptr; one = one->ai_next) {
    auto socket = connect_to(*one, clock, interruption, deadline);
    if (socket) return std::unique_ptr<RedisConnection>(new RedisConnection(socket->keep(), clock, interruption));
    last = socket.error();
  }
  return tl::make_unexpected(last.value_or(Error{ErrorKind::Retry, 0, host + " has no address"}));
}

Result<RedisReply> RedisConnection::ask(const std::vector<std::string>& words, SteadyTime deadline) {
  deadline_ = deadline;
  std::string command = fmt::format("*{}\r\n", words.size());
  for (const std::string& word : words) command += fmt::format("${}\r\n{}\r\n", word.size(), word);
  if (const Status sent = send(command); !sent) return tl::make_unexpected(sent.error());
  return replies_.next();
}

Status RedisConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return failed(std::strerror(errno));
    if (const Status ready = wait_for(fd_, POLLOUT, clock_, interruption_, deadline_); !ready) return ready;
  }
  return {};
}

Status RedisConnection::receive(std::string& buffer) {
  while (true) {
    if (clock_.steady_now() >= deadline_) return too_late();  // also if bytes never stop arriving
    if (interruption_.is_set()) return interrupted();
    std::array<char, 16'384> bytes;
    const ssize_t got = recv(fd_, bytes.data(), bytes.size(), 0);
    if (got > 0) {
      buffer.append(bytes.data(), static_cast<size_t>(got));
      return {};
    }
    if (got == 0) return failed("the server closed the connection");
    if (errno != EAGAIN && errno != EINTR) return failed(std::strerror(errno));
    if (const Status ready = wait_for(fd_, POLLIN, clock_, interruption_, deadline_); !ready) return ready;
  }
}

}  // namespace freshet::runtime_config
