// Stands between a client and any TCP server on loopback and goes silent as told: nothing is refused or closed.
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
  // Listens on `port`, which the server advertises as its own.
  TcpProxy(uint16_t port, uint16_t server_port);

  // What is open now brings nothing any more, in both directions; new connections work: a route that was lost.
  void silence_open_connections() { silent_until_ = next_.load(); }
  // New connections are accepted and brought to nobody: a process that hangs.
  void silence_new_connections(bool silent) { mute_ = silent; }
  // What comes from now on is brought that much later, in both directions: a server far away.
  void delay(std::chrono::milliseconds by) { delay_ms_ = static_cast<int>(by.count()); }
  // For a Kafka broker: a connection that brings a request of a group's member (join, heartbeat, commit...) goes silent
  // with it; others work. A coordinator that does not answer, on a broker that does.
  void silence_coordinator(bool silent) { coordinator_mute_ = silent; }

 private:
  void serve(Fd client, const StopFlag& stop);

  const uint16_t server_port_;
  std::atomic<uint64_t> next_{0};          // numbers connections
  std::atomic<uint64_t> silent_until_{0};  // those below are silent
  std::atomic<bool> mute_{false};
  std::atomic<bool> coordinator_mute_{false};
  std::atomic<int> delay_ms_{0};
  std::unique_ptr<LoopbackServer> listener_;
};

}  // namespace freshet::testkit
