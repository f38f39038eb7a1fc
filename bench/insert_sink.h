// An HTTP server for inserts that counts them, in front of a ClickHouse or instead of one.
#pragma once

#include <httplib.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace freshet::bench {

// Threads: any.
class InsertSink {
 public:
  struct Insert {
    SystemTime acknowledged;  // when ClickHouse had answered
    std::string body;         // as sent
  };

  // Acknowledges and drops inserts. Queries go to the ClickHouse at this port of 127.0.0.1; 0 = they return no rows.
  explicit InsertSink(int clickhouse_port = 0);
  ~InsertSink();

  // Passes inserts on to ClickHouse, and returns its answers. Call before the first request.
  void store() { stores_ = true; }
  // Keeps inserts for take(). Requires store(). Call before the first request.
  void keep() { keeps_ = true; }

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  uint64_t inserts() const { return inserts_; }  // acknowledged ones
  // Removes and returns the acknowledged inserts.
  std::vector<Insert> take();

 private:
  void serve(const httplib::Request& request, httplib::Response& answer, const httplib::ContentReader& read);
  bool pass_on(const httplib::Request& request, const std::string& body, httplib::Response& answer) const;

  const int clickhouse_port_;
  bool stores_ = false;
  bool keeps_ = false;
  httplib::Server server_;
  int port_ = 0;
  std::atomic<uint64_t> inserts_{0};
  std::mutex mutex_;
  std::vector<Insert> kept_;  // guarded by mutex_
  std::jthread thread_;
};

}  // namespace freshet::bench
