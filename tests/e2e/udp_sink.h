// A metrics agent: a UDP socket on loopback that records the lines it receives.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "testkit/socket.h"

namespace freshet::e2e {

// Threads: any.
class UdpSink {
 public:
  UdpSink();
  int port() const { return port_; }
  std::vector<std::string> lines() const;

 private:
  void receive(std::stop_token stop);

  testkit::Fd socket_;
  int port_ = 0;
  mutable Mutex mutex_;
  std::vector<std::string> lines_ GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace freshet::e2e
