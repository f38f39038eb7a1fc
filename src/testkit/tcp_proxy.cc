#include "testkit/tcp_proxy.h"

#include <poll.h>

#include <string>
#include <string_view>
#include <thread>

namespace freshet::testkit {
namespace {

// True if these bytes start with a request to a group coordinator: four bytes of length, then the API key.
bool asks_coordinator(const std::string& bytes) {
  constexpr std::string_view kApis = "\x08\x09\x0b\x0c\x0d\x0e";  // OffsetCommit, OffsetFetch, JoinGroup to SyncGroup
  return bytes.size() >= 6 && bytes[4] == 0 && kApis.find(bytes[5]) != std::string_view::npos;
}

}  // namespace

TcpProxy::TcpProxy(uint16_t port, uint16_t server_port) : server_port_(server_port) {
  listener_ = std::make_unique<LoopbackServer>(
      [this](Fd client, const StopFlag& stop) { serve(std::move(client), stop); }, port);
}

void TcpProxy::serve(Fd client, const StopFlag& stop) {
  const uint64_t number = next_.fetch_add(1);
  if (mute_) return wait_for_end(client, stop);
  const Fd server = connect_to_loopback(server_port_);
  if (!server) return;
  std::atomic<bool> silent = false;
  // Bytes that arrive while silent are dropped, so nothing is delivered late.
  const auto forward = [&](const Fd& from, const Fd& to, bool requests) {
    std::string bytes;
    while (receive(from, stop, bytes)) {
      if (requests && coordinator_mute_ && asks_coordinator(bytes)) silent = true;
      pollfd stopped{stop.fd(), POLLIN, 0};
      if (const int wait_ms = delay_ms_; wait_ms > 0 && ::poll(&stopped, 1, wait_ms) > 0) return;
      if (!silent && number >= silent_until_ && !send_all(to, stop, bytes)) return;
      bytes.clear();
    }
  };
  std::jthread back([&] {
    forward(server, client, false);
    client.shut_down();
  });
  forward(client, server, true);
  server.shut_down();
}

}  // namespace freshet::testkit
