// The connections of the admin server and their limits. Include it only from this module's .cc files: Asio is slow to
// compile.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "admin/connection_limits.h"
#include "admin/exchange.h"
#include "admin/listener.h"

namespace freshet::admin {

class Connections;

// A connection serves one request and is then closed.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // In the order in which connections are closed when a limit is reached: first those whose client loses least.
  enum class State { Lingering, Reading, Writing, Working, Closed };

  Connection(Connections& all, const Access& access, boost::asio::ip::tcp::socket socket);

  void begin();
  // Sends the endpoint's response. Drops it if the connection is closed already.
  void finish(const Response& response);
  void close();
  State state() const { return state_; }
  size_t unsent_bytes() const { return state_ == State::Writing ? answer_.size() : 0; }

 private:
  void read();
  void take(std::string_view bytes);
  void write(const Response& response);
  void linger();
  void discard();
  void expire_after(std::chrono::milliseconds time);

  Connections& all_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  uint64_t deadline_number_ = 0;  // lets a timer handler that is already queued detect that the deadline has moved
  std::optional<Exchange> exchange_;
  bool head_only_ = false;
  State state_ = State::Reading;
  std::string answer_;
  size_t discarded_ = 0;
  std::array<char, 4096> buffer_{};
};

// Accepts connections. If a limit is reached, closes the connection with the lowest State, and of these the oldest, so
// that a client that sends a complete request at once gets a response. Threads: that of `io`.
class Connections {
 public:
  // Passes an accepted request to its endpoint, which must call Connection::finish() on the thread of `io`, now or
  // later.
  using Serve = std::function<void(std::shared_ptr<Connection>, const Endpoint&, const Request&)>;

  Connections(boost::asio::io_context& io, Listener listener, const Access& access, const ConnectionLimits& limits,
              Serve serve);
  ~Connections();

  const ConnectionLimits& limits() const { return limits_; }
  void serve(const std::shared_ptr<Connection>& connection, const Endpoint& endpoint, const Request& request) {
    serve_(connection, endpoint, request);
  }
  void remove(const Connection* connection);
  // Called before a response of `bytes` is queued for its client.
  void make_room_for_answer(size_t bytes);

 private:
  void accept();
  void accept_all();
  bool accept_one();
  void add(int descriptor);
  // Closes one of the connections for which `may_go` is true. False: there is none.
  bool end_one(const std::function<bool(const Connection&)>& may_go);

  boost::asio::io_context& io_;
  const int family_;
  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer pause_;  // delays the next accept if the process has no file descriptor left
  const Access& access_;
  const ConnectionLimits limits_;
  const Serve serve_;
  std::list<std::shared_ptr<Connection>> connections_;  // oldest first
};

}  // namespace freshet::admin
