// A proxy between a client and a TCP server on loopback that can go silent without refusing or closing connections.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "testkit/socket.h"

namespace freshet::testkit {

// Threads: any.
class TcpProxy {
 public:
  // Listens on `port`, which the server must advertise.
  TcpProxy(uint16_t port, uint16_t server_port);

  // Open connections deliver nothing any more, in both directions; new connections work: a lost route.
  void silence_open_connections() { silent_until_ = next_.load(); }
  // New connections are accepted, but nothing is delivered: a process that hangs.
  void silence_new_connections(bool silent) { mute_ = silent; }
  // Delays all data in both directions: a distant server.
  void delay(std::chrono::milliseconds by) { delay_ms_ = static_cast<int>(by.count()); }
  // For a Kafka broker: a connection that carries a request of a group member (join, heartbeat, commit...) goes silent
  // with that request; others work. A coordinator that does not answer, on a broker that does.
  void silence_coordinator(bool silent) { coordinator_mute_ = silent; }

 private:
  void serve(Fd client, const StopFlag& stop);

  const uint16_t server_port_;
  std::atomic<uint64_t> next_{0};          // numbers connections
  std::atomic<uint64_t> silent_until_{0};  // connections with lower numbers are silent
  std::atomic<bool> mute_{false};
  std::atomic<bool> coordinator_mute_{false};
  std::atomic<int> delay_ms_{0};
  std::unique_ptr<LoopbackServer> listener_;
};

}  // namespace freshet::testkit
