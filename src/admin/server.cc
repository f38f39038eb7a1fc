#include "admin/server.h"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

#include "admin/access.h"
#include "admin/connections.h"
#include "admin/listener.h"
#include "admin/worker.h"
#include "base/net_address.h"
#include "base/threads.h"

namespace freshet::admin {
namespace {

constexpr size_t kMostQuick = 32;
constexpr size_t kMostSlow = 4;

}  // namespace

// Members use those declared before them, so the order of construction and destruction matters.
struct AdminServer::Impl {
  Impl(const AdminSettings& settings, const NetAddress& address, Listener listener, AdminSources from,
       const ConnectionLimits& limits, secrets::SecretStore* secrets)
      : sources(std::move(from)),
        access(listener.on_loopback(), {settings.token, secrets}, settings.allowed_hosts),
        host(address.url_host()),
        port(listener.port()),
        connections(io, std::move(listener), access, limits,
                    [this](std::shared_ptr<Connection> connection, const Endpoint& endpoint, const Request& request) {
                      serve(std::move(connection), endpoint, request);
                    }),
        quick(kMostQuick),
        slow(kMostSlow),
        thread(needed_thread("admin_server", [this] { run(); })) {}

  ~Impl() { io.stop(); }

  void run() noexcept;
  void serve(std::shared_ptr<Connection> connection, const Endpoint& endpoint, const Request& request);

  const AdminSources sources;
  const Access access;
  const std::string host;
  const uint16_t port;
  boost::asio::io_context io{1};
  Connections connections;
  Worker quick;
  Worker slow;
  std::jthread thread;
};

void AdminServer::Impl::run() noexcept {
  while (!io.stopped()) {
    try {
      io.run();
    } catch (const std::exception&) {
      // Out of memory while serving one connection, which its deadline closes.
    }
  }
}

void AdminServer::Impl::serve(std::shared_ptr<Connection> connection, const Endpoint& endpoint,
                              const Request& request) {
  if (endpoint.lane == Lane::Connections) return connection->finish(answer(endpoint, sources, request, {}));
  Worker& worker = endpoint.lane == Lane::Quick ? quick : slow;
  const bool taken = worker.post([this, connection, &endpoint, request](std::stop_token stop) {
    boost::asio::post(io, [connection, response = answer(endpoint, sources, request, std::move(stop))] {
      connection->finish(response);
    });
  });
  if (!taken) connection->finish(Response::text(503, "too many requests at once; try again"));
}

Result<std::unique_ptr<AdminServer>> AdminServer::start(const AdminSettings& settings, AdminSources sources,
                                                        const ConnectionLimits& limits,
                                                        secrets::SecretStore* secrets) try {
  const auto address = parse_listen_address(settings.listen);
  if (!address) {
    return failure(ErrorKind::Fatal, fmt::format("--admin-listen: '{}' {}", settings.listen, address.error().text));
  }
  auto listener = Listener::open(*address);
  if (!listener) {
    return failure(
        ErrorKind::Fatal,
        fmt::format("--admin-listen: cannot listen on '{}' ({}); is the address of this machine and the port free?",
                    settings.listen, listener.error().text));
  }
  return std::unique_ptr<AdminServer>(new AdminServer(
      std::make_unique<Impl>(settings, *address, *std::move(listener), std::move(sources), limits, secrets)));
} catch (const std::system_error& e) {
  return failure(ErrorKind::Fatal, fmt::format("--admin-listen: the server cannot start: {}", e.what()));
}

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AdminServer::~AdminServer() = default;

uint16_t AdminServer::port() const { return impl_->port; }
std::string AdminServer::address() const { return fmt::format("http://{}:{}/", impl_->host, impl_->port); }

}  // namespace freshet::admin
