#include "testkit/tcp_proxy.h"

#include <string>
#include <thread>

namespace freshet::testkit {

TcpProxy::TcpProxy(uint16_t port, uint16_t server_port) : server_port_(server_port) {
  listener_ = std::make_unique<LoopbackServer>(
      [this](Fd client, const StopFlag& stop) { serve(std::move(client), stop); }, port);
}

void TcpProxy::serve(Fd client, const StopFlag& stop) {
  const uint64_t number = next_.fetch_add(1);
  if (mute_) return wait_for_end(client, stop);
  const Fd server = connect_to_loopback(server_port_);
  if (!server) return;
  // Bytes that arrive in silence are swallowed; so nothing is brought late once the client has given up.
  const auto forward = [&](const Fd& from, const Fd& to) {
    std::string bytes;
    while (receive(from, stop, bytes)) {
      if (number >= silent_until_ && !send_all(to, stop, bytes)) return;
      bytes.clear();
    }
  };
  std::jthread back([&] {
    forward(server, client);
    client.shut_down();
  });
  forward(client, server);
  server.shut_down();
}

}  // namespace freshet::testkit
