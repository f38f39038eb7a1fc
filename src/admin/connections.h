// The sockets of the admin server: how many, how long, how much. Heavy to include (Asio): only by this module's .cc
// files.
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

// One request, one answer, and the end.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // In the order in which they have to go when there is no room: those that cost a client least first.
  enum class State { Lingering, Reading, Writing, Working, Closed };

  Connection(Connections& all, const Access& access, boost::asio::ip::tcp::socket socket);

  void begin();
  // The answer of the endpoint; too late, it is dropped.
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
  uint64_t deadline_number_ = 0;  // a deadline that was moved while it passed counts for nothing
  std::optional<Exchange> exchange_;
  bool head_only_ = false;
  State state_ = State::Reading;
  std::string answer_;
  size_t discarded_ = 0;
  std::array<char, 4096> buffer_{};
};

// Threads: that of `io`. A connection too many ends the oldest one of those that have not been heard out: whoever comes
// with a whole request is answered.
class Connections {
 public:
  // Lets the endpoint answer; Connection::finish() is to be called on the thread of `io`, now or later.
  using Serve = std::function<void(std::shared_ptr<Connection>, const Endpoint&, const Request&)>;

  Connections(boost::asio::io_context& io, Listener listener, const Access& access, const ConnectionLimits& limits,
              Serve serve);
  ~Connections();

  const ConnectionLimits& limits() const { return limits_; }
  void serve(const std::shared_ptr<Connection>& connection, const Endpoint& endpoint, const Request& request) {
    serve_(connection, endpoint, request);
  }
  void remove(const Connection* connection);
  // Called before an answer of so many bytes waits for its client.
  void make_room_for_answer(size_t bytes);

 private:
  void accept();
  void accept_all();
  bool accept_one();
  void add(int descriptor);
  // Ends one connection; false: there is none.
  bool end_one(const std::function<bool(const Connection&)>& may_go);

  boost::asio::io_context& io_;
  const int family_;
  boost::asio::posix::stream_descriptor listener_;
  boost::asio::steady_timer pause_;  // between accepts, where the process has no descriptor left
  const Access& access_;
  const ConnectionLimits limits_;
  const Serve serve_;
  std::list<std::shared_ptr<Connection>> connections_;  // the oldest first
};

}  // namespace freshet::admin
