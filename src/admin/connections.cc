#include "admin/connections.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

namespace freshet::admin {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

constexpr int kAcceptsAtOnce = 16;  // then existing connections are served
constexpr std::chrono::milliseconds kPause{50};
constexpr size_t kMostDiscarded = 256 * 1024;
constexpr size_t kLeastConnections = 4;

}  // namespace

ConnectionLimits ConnectionLimits::for_this_process() {
  ConnectionLimits limits;
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY) {
    limits.connections =
        std::clamp<size_t>(static_cast<size_t>(files.rlim_cur) / 8, kLeastConnections, limits.connections);
  }
  return limits;
}

Connection::Connection(Connections& all, const Access& access, tcp::socket socket)
    : all_(all), socket_(std::move(socket)), deadline_(socket_.get_executor()), exchange_(std::in_place, access) {}

void Connection::begin() {
  expire_after(all_.limits().request);
  read();
}

void Connection::read() {
  socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](const Error& error, size_t size) {
    if (self->state_ != State::Reading) return;
    if (error) return self->close();
    self->take({self->buffer_.data(), size});
  });
}

void Connection::take(std::string_view bytes) {
  const auto progress = exchange_->take(bytes);
  if (std::holds_alternative<Exchange::NeedsMore>(progress)) return read();
  head_only_ = exchange_->head_only();
  if (const auto* refused = std::get_if<Response>(&progress)) return write(*refused);
  state_ = State::Working;
  ++deadline_number_;
  deadline_.cancel();
  all_.serve(shared_from_this(), *std::get<Exchange::Accepted>(progress).endpoint, exchange_->request());
}

void Connection::finish(const Response& response) {
  if (state_ == State::Working) write(response);
}

void Connection::write(const Response& response) {
  exchange_.reset();
  answer_ = to_bytes(response, head_only_);
  all_.make_room_for_answer(answer_.size());
  state_ = State::Writing;
  expire_after(all_.limits().answer);
  asio::async_write(socket_, asio::buffer(answer_), [self = shared_from_this()](const Error& error, size_t) {
    if (self->state_ != State::Writing) return;
    if (error) return self->close();
    self->linger();
  });
}

// Reads what the client still sends: otherwise the kernel would reset the connection, and the client might lose the
// response.
void Connection::linger() {
  state_ = State::Lingering;
  answer_ = {};
  Error ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  expire_after(all_.limits().linger);
  discard();
}

void Connection::discard() {
  socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](const Error& error, size_t size) {
    if (self->state_ != State::Lingering) return;
    self->discarded_ += size;
    if (error || self->discarded_ > kMostDiscarded) return self->close();
    self->discard();
  });
}

void Connection::expire_after(std::chrono::milliseconds time) {
  deadline_.expires_after(time);
  deadline_.async_wait([self = shared_from_this(), number = ++deadline_number_](const Error&) {
    if (number == self->deadline_number_) self->close();
  });
}

void Connection::close() {
  if (std::exchange(state_, State::Closed) == State::Closed) return;
  ++deadline_number_;
  deadline_.cancel();
  Error ignored;
  socket_.close(ignored);
  answer_ = {};
  all_.remove(this);
}

Connections::Connections(asio::io_context& io, Listener listener, const Access& access, const ConnectionLimits& limits,
                         Serve serve)
    : io_(io),
      family_(listener.family()),
      listener_(io, listener.release()),
      pause_(io),
      access_(access),
      limits_(limits),
      serve_(std::move(serve)) {
  accept();
}

Connections::~Connections() {
  while (!connections_.empty()) connections_.front()->close();
}

void Connections::accept() {
  listener_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const Error& error) {
    if (!error) accept_all();
  });
}

void Connections::accept_all() {
  for (int i = 0; i < kAcceptsAtOnce; ++i) {
    if (accept_one()) continue;
    if (errno == EAGAIN) break;
    // No file descriptor or no memory is left. Close one connection, and accept again after a delay instead of
    // spinning.
    end_one([](const Connection&) { return true; });
    pause_.expires_after(kPause);
    pause_.async_wait([this](const Error& error) {
      if (!error) accept();
    });
    return;
  }
  accept();
}

// False: accepting failed, see errno.
bool Connections::accept_one() {
  const int descriptor = accept4(listener_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (descriptor >= 0) {
    add(descriptor);
    return true;
  }
  // Errors of a single connection, which accept(2) passes on. The next connection may succeed.
  static constexpr std::array kItsOwn{EINTR,  ECONNABORTED, EPROTO,     ENETDOWN,    ENOPROTOOPT, EHOSTDOWN,
                                      ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH, EPERM};
  return std::find(kItsOwn.begin(), kItsOwn.end(), errno) != kItsOwn.end();
}

void Connections::add(int descriptor) try {
  if (connections_.size() >= limits_.connections) end_one([](const Connection&) { return true; });
  tcp::socket socket(io_);
  Error error;
  socket.assign(family_ == AF_INET6 ? tcp::v6() : tcp::v4(), descriptor, error);
  if (error) {
    ::close(descriptor);
    return;
  }
  connections_.push_back(std::make_shared<Connection>(*this, access_, std::move(socket)));
  connections_.back()->begin();
} catch (const std::bad_alloc&) {
  end_one([](const Connection&) { return true; });
}

bool Connections::end_one(const std::function<bool(const Connection&)>& may_go) {
  std::shared_ptr<Connection> goes;
  for (const auto& one : connections_) {
    if (may_go(*one) && (!goes || one->state() < goes->state())) goes = one;
  }
  if (goes) goes->close();
  return goes != nullptr;
}

void Connections::remove(const Connection* connection) {
  connections_.remove_if([&](const std::shared_ptr<Connection>& one) { return one.get() == connection; });
}

void Connections::make_room_for_answer(size_t bytes) {
  const auto too_much = [&] {
    size_t unsent = bytes;
    for (const auto& one : connections_) unsent += one->unsent_bytes();
    return unsent > limits_.answer_bytes;
  };
  while (too_much() && end_one([](const Connection& one) { return one.unsent_bytes() > 0; })) {
  }
}

}  // namespace freshet::admin
