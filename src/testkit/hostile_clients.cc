#include "testkit/hostile_clients.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <chrono>

#include "testkit/raw_http.h"

namespace freshet::testkit {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kOpenAgainAfter = 250ms;
constexpr auto kSlow = 1s;
constexpr size_t kPiece = 16 * 1024;

std::string repeated(std::string_view text, size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += text;
  return out;
}

// One descriptor per connection, in addition to those of the test.
void allow_descriptors(size_t count) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= count + 200) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, count + 200);
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

struct HostileClients::Kind {
  std::string first;
  std::string again;   // sent repeatedly; empty = nothing more
  bool slow = false;   // one byte per second
  bool reads = false;  // reads the answer; others do not
};

struct HostileClients::Client {
  const Kind* kind = nullptr;
  Fd fd;
  size_t sent = 0;  // bytes sent of the current data
  bool past_first = false;
  steady_clock::time_point not_before{};
};

const std::vector<HostileClients::Kind>& HostileClients::kinds() {
  static const std::string json = "Content-Type: application/json";
  static const std::string length = "Content-Length: 1000000000";
  static const std::vector<Kind> all = {
      {"", "", false, false},                                               // idle
      {"GET /health HTTP/1.1\r\n", "X: y\r\n", true, false},                // slow
      {"GET /", repeated("a", kPiece), false, false},                       // endless line
      {"GET / HTTP/1.1\r\nX: ", repeated("x", kPiece), false, false},       // endless header
      {"GET / HTTP/1.1\r\n", repeated("X: y\r\n", kPiece), false, true},    // endless headers
      {raw_request("POST", "/skip", {json, "Transfer-Encoding: chunked"}),  // endless chunks
       repeated("1;a=b\r\nx\r\n", kPiece), false, false},
      {raw_request("POST", "/skip", {json, length}), repeated("x", kPiece), false, false},  // oversized
      {raw_request("POST", "/skip", {json, length, "Content-Encoding: gzip"}),              // compressed
       repeated(std::string("\x1f\x8b\x08\x00\xff", 5), kPiece), false, true},
      {raw_request("GET", "/metrics", {"Range: bytes=" + repeated("0-,", 8000)}), "", false, false},  // ranged
      {repeated(raw_request("GET", "/metrics"), kPiece), repeated(raw_request("GET", "/status"), kPiece), false,
       false},                                                                  // pipelined
      {raw_request("POST", "/renew", {"Origin: http://evil.example", length}),  // forged
       repeated(raw_request("POST", "/renew", {"X-Freshet-Request: 1"}), kPiece), false, false},
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8), repeated("\x16", kPiece), false, false},  // TLS
  };
  return all;
}

HostileClients::HostileClients(uint16_t port, size_t connections) : port_(port) {
  allow_descriptors(connections);
  clients_.resize(connections);
  for (size_t i = 0; i < connections; ++i) clients_[i].kind = &kinds()[i % kinds().size()];
  thread_ = std::jthread([this](std::stop_token stop) { run(std::move(stop)); });
}

HostileClients::~HostileClients() = default;

void HostileClients::run(std::stop_token stop) {
  std::vector<pollfd> polled(clients_.size());
  while (!stop.stop_requested()) {
    const auto now = steady_clock::now();
    for (size_t i = 0; i < clients_.size(); ++i) {
      Client& client = clients_[i];
      if (!client.fd && now >= client.not_before) open(client);
      const bool sends = client.past_first ? !client.kind->again.empty() : !client.kind->first.empty();
      const bool may_send = sends && now >= client.not_before;
      const int events = (client.kind->reads ? POLLIN : 0) | (may_send ? POLLOUT : 0);
      polled[i] = {client.fd.get(), static_cast<short>(events), 0};
    }
    ::poll(polled.data(), polled.size(), 20);
    for (size_t i = 0; i < clients_.size(); ++i) turn(clients_[i], polled[i].revents);
  }
}

void HostileClients::open(Client& client) {
  client.fd = connect_to_loopback(port_);
  client.sent = 0;
  client.past_first = false;
  client.not_before = steady_clock::now() + (client.fd ? 0ms : kOpenAgainAfter);
  if (!client.fd) return;
  ::fcntl(client.fd.get(), F_SETFL, O_NONBLOCK);
  ++opened_;
}

void HostileClients::turn(Client& client, short events) {
  if (!client.fd || events == 0) return;
  if ((events & POLLIN) != 0) {
    std::array<char, 4096> ignored{};
    if (::recv(client.fd.get(), ignored.data(), ignored.size(), 0) == 0) events |= POLLHUP;
  }
  if ((events & (POLLERR | POLLHUP)) != 0) {
    client.fd.reset();
    client.not_before = steady_clock::now() + kOpenAgainAfter;
    return;
  }
  if ((events & POLLOUT) != 0) send(client);
}

void HostileClients::send(Client& client) {
  const std::string& all = client.past_first ? client.kind->again : client.kind->first;
  const size_t size = client.past_first && client.kind->slow ? 1 : all.size() - client.sent;
  const ssize_t n = ::send(client.fd.get(), all.data() + client.sent, size, MSG_NOSIGNAL);
  if (n <= 0) return;  // an error shows in the next poll
  sent_bytes_ += static_cast<uint64_t>(n);
  client.sent += static_cast<size_t>(n);
  if (client.kind->slow) client.not_before = steady_clock::now() + kSlow;
  if (client.sent < all.size()) return;
  client.sent = 0;
  client.past_first = true;
}

}  // namespace freshet::testkit
