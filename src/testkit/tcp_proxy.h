// A proxy in front of a TCP server on loopback that can go silent without refusing or closing connections.
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

  // Simulates a lost route: open connections deliver nothing any more, in both directions; new connections work.
  void silence_open_connections() { silent_until_ = next_.load(); }
  // Simulates a hung process: new connections are accepted, but nothing is delivered.
  void silence_new_connections(bool silent) { mute_ = silent; }
  // Simulates a distant server: delays all data in both directions.
  void delay(std::chrono::milliseconds by) { delay_ms_ = static_cast<int>(by.count()); }
  // Simulates a hung coordinator on a working Kafka broker: a connection goes silent with the first request of a group
  // member (join, heartbeat, commit ...) on it; others work.
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
