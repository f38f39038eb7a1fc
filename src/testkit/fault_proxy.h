// A proxy in front of a real HTTP server on loopback that injects faults.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "testkit/http_wire.h"
#include "testkit/socket.h"

namespace freshet::testkit {

struct Fault {
  enum class Kind {
    None,
    CloseMidBody,    // reset while the client sends; the server gets nothing
    LoseAnswer,      // the server gets everything and answers; the client's connection is closed
    CloseMidAnswer,  // the same, but half of the answer arrives
    Hang,            // the server gets nothing, the client no answer, until the fault is removed
    Answer,          // `status` and `code` instead of the server's answer; the server gets nothing
    Hold,            // the server gets the whole request when the fault is removed, also if the client is gone
  };
  Kind kind = Kind::None;
  int status = 500;
  int code = 0;  // ClickHouse's exception code; 0 = a plain HTTP error
  std::string text;
  bool inserts_only = false;  // other requests pass, and do not count

  static Fault of(Kind kind) { return {kind, 500, 0, {}}; }
  static Fault exception(int code, std::string text, int status = 500) {
    return {Kind::Answer, status, code, std::move(text)};
  }
};

// What a proxy does to every request, as those in front of ClickHouse do.
struct ProxyRules {
  // chproxy passes on only the parameters of the URL that it knows, and gives each query an id of its own.
  std::optional<std::set<std::string>> passed_parameters{};
  size_t longest_url = SIZE_MAX;   // 414 for a longer one, as nginx does (large_client_header_buffers)
  size_t largest_body = SIZE_MAX;  // 413 for a larger one (client_max_body_size)

  // The parameters that chproxy passes on without `param_groups`.
  static ProxyRules chproxy() {
    return {std::set<std::string>{"query", "database", "default_format", "compress", "decompress", "session_id"}};
  }
};

// Threads: any.
class FaultProxy {
 public:
  explicit FaultProxy(uint16_t server_port);
  ~FaultProxy();

  uint16_t port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  // Applies from the next request on; resets to None after `times` requests (0 = never).
  void set(const Fault& fault, size_t times = 0);
  void clear() { set(Fault()); }
  // Applies from the next request on.
  void set_rules(const ProxyRules& rules);
  // Requests that a rule answered.
  size_t refused() const;
  // While `refuse` is true, connections are refused; open ones are closed.
  void refuse_connections(bool refuse);

  // Waits until `count` requests had a fault since the start. False after `timeout`.
  bool wait_for_faults(size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;
  size_t faults() const;
  // Waits until `count` requests were held since the start, each with its whole body. False after `timeout`.
  bool wait_for_held(size_t count, std::chrono::milliseconds timeout) const;
  size_t held() const;
  // Held requests that the server has answered.
  size_t answered_late() const;

 private:
  void serve(Fd client, const StopFlag& stop);
  bool serve_request(WireReader& from_client, Fd& client, WireReader& from_server, const Fd& server,
                     const StopFlag& stop);
  Fault take_fault(const WireMessage& request, uint64_t& version);
  std::optional<std::string> apply_rules(WireMessage& request);
  void hang(const Fd& client, const StopFlag& stop, uint64_t version) const;
  // False if the client did not get the answer.
  bool hold(const WireMessage& request, const Fd& client, const StopFlag& stop, uint64_t version);

  const uint16_t server_port_;
  const uint16_t port_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Fault fault_;  // all guarded by mutex_
  size_t times_ = 0;
  uint64_t version_ = 0;
  size_t faults_ = 0;
  size_t held_ = 0;
  ProxyRules rules_;
  size_t refused_ = 0;
  size_t answered_late_ = 0;
  std::mutex listening_;
  std::unique_ptr<LoopbackServer> listener_;  // guarded by listening_; none = refusing
};

}  // namespace freshet::testkit
