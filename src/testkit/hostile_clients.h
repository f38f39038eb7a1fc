// Hostile clients of an HTTP server: many connections on one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "testkit/socket.h"

namespace freshet::testkit {

// Sends idle, slow, endless, oversized, compressed, ranged, pipelined and forged requests in equal shares, from
// construction to destruction. Reopens connections that the server closes.
class HostileClients {
 public:
  // Connects to 127.0.0.1:`port`.
  HostileClients(uint16_t port, size_t connections);
  ~HostileClients();
  HostileClients(const HostileClients&) = delete;
  HostileClients& operator=(const HostileClients&) = delete;

  uint64_t opened() const { return opened_.load(); }  // number of connections opened
  uint64_t sent_bytes() const { return sent_bytes_.load(); }

 private:
  struct Kind;
  struct Client;
  static const std::vector<Kind>& kinds();
  void run(std::stop_token stop);
  void turn(Client& client, short events);
  void open(Client& client);
  void send(Client& client);

  const uint16_t port_;
  std::vector<Client> clients_;
  std::atomic<uint64_t> opened_{0};
  std::atomic<uint64_t> sent_bytes_{0};
  std::jthread thread_;
};

}  // namespace freshet::testkit
