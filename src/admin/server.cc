#include "admin/server.h"

#include <fmt/format.h>
#include <httplib.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <thread>

#include "admin/page.h"

namespace freshet::admin {
namespace {

constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kJson = "application/json";

void answer(const Answer& answer, httplib::Response& response) {
  response.status = answer.ok ? 200 : 503;
  response.set_content(answer.ok ? "ok\n" : answer.reason + "\n", kText);
}

void refuse(httplib::Response& response, int status, const std::string& text) {
  response.status = status;
  response.set_content(text + "\n", kText);
}

// A page of another site may send a form to this address, but not JSON, and not without its Origin.
bool from_another_site(const httplib::Request& request) {
  if (!request.has_header("Origin")) return false;
  const std::string origin = request.get_header_value("Origin");
  return origin != "http://" + request.get_header_value("Host");
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "[::1]" || host == "::1" || host.starts_with("127.");
}

// A server on loopback is asked by people of this machine under its own name; another name is a browser that was led
// here (DNS rebinding).
bool under_another_name(const std::string& listening_on, const httplib::Request& request) {
  const std::string host = request.get_header_value("Host");
  return is_loopback(listening_on) && !host.empty() && !is_loopback(host.substr(0, host.rfind(':'))) &&
         !is_loopback(host);
}

void release(const AdminSources& sources, const httplib::Request& request, httplib::Response& response) {
  if (from_another_site(request)) return refuse(response, 403, "not from another site");
  if (!request.get_header_value("Content-Type").starts_with(kJson)) {
    return refuse(response, 415, "send Content-Type: application/json");
  }
  const auto body = nlohmann::json::parse(request.body, nullptr, false);
  if (!body.is_object() || !body.contains("partition") || !body["partition"].is_number_integer() ||
      !body.contains("offset") || !body["offset"].is_number_integer() || body["partition"] < 0 ||
      body["partition"] > INT32_MAX || !body["offset"].is_number_unsigned() ||
      body["offset"].get<uint64_t>() > INT64_MAX) {
    return refuse(response, 400, R"(expected {"partition": N, "offset": N}: go on with partition N from offset N)");
  }
  const Status released =
      sources.release(Partition{body["partition"].get<int32_t>()}, Offset{body["offset"].get<int64_t>()});
  if (!released) return refuse(response, 409, released.error().text);
  response.set_content("released\n", kText);
}

void add_routes(httplib::Server& server, const AdminSources& sources) {
  using httplib::Request;
  using httplib::Response;
  server.Get("/", [](const Request&, Response& r) { r.set_content(std::string(kPage), "text/html; charset=utf-8"); });
  server.Get("/metrics",
             [&](const Request&, Response& r) { r.set_content(sources.metrics(), "text/plain; version=0.0.4"); });
  server.Get("/health", [&](const Request&, Response& r) { answer(sources.health(), r); });
  server.Get("/ready", [&](const Request&, Response& r) { answer(sources.ready(), r); });
  server.Get("/status", [&](const Request&, Response& r) { r.set_content(sources.status(), kJson); });
  server.Post("/release", [&](const Request& q, Response& r) { release(sources, q, r); });
  server.set_error_handler([](const Request&, Response& r) {
    if (r.body.empty() && r.status == 404) {
      r.set_content("there are: GET / /metrics /health /ready /status, POST /release\n", kText);
    }
  });
}

}  // namespace

struct AdminServer::Parts {
  AdminSources sources;
  httplib::Server server;
  std::string host;
  int port = 0;
  std::jthread thread;
};

Result<std::unique_ptr<AdminServer>> AdminServer::start(const std::string& listen, AdminSources sources) {
  const size_t colon = listen.rfind(':');
  int port = -1;
  if (colon != std::string::npos) {
    std::from_chars(listen.data() + colon + 1, listen.data() + listen.size(), port);
  }
  if (colon == std::string::npos || colon == 0 || port < 0 || port > 65535) {
    return failure(ErrorKind::Fatal, fmt::format("--admin-listen: '{}' is not of the form ADDRESS:PORT", listen));
  }
  auto parts = std::make_unique<Parts>();
  parts->sources = std::move(sources);
  parts->host = listen.substr(0, colon);
  add_routes(parts->server, parts->sources);
  parts->server.set_pre_routing_handler([host = parts->host](const httplib::Request& request, httplib::Response& r) {
    if (!under_another_name(host, request)) return httplib::Server::HandlerResponse::Unhandled;
    refuse(r, 403, "ask for 127.0.0.1 or localhost");
    return httplib::Server::HandlerResponse::Handled;
  });
  // Not the library's default: with SO_REUSEPORT two processes could share the port unnoticed.
  parts->server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  parts->server.set_read_timeout(5, 0);
  parts->server.set_write_timeout(5, 0);
  parts->server.set_keep_alive_timeout(1);
  parts->server.set_payload_max_length(64 * 1024);
  parts->server.new_task_queue = [] { return new httplib::ThreadPool(4); };  // the library takes ownership
  if (port == 0) {
    parts->port = parts->server.bind_to_any_port(parts->host);
  } else {
    parts->port = parts->server.bind_to_port(parts->host, port) ? port : -1;
  }
  if (parts->port <= 0) {
    return failure(
        ErrorKind::Fatal,
        fmt::format("--admin-listen: cannot listen on '{}'; is the address of this machine and the port free?",
                    listen));
  }
  parts->thread = std::jthread([&server = parts->server] { server.listen_after_bind(); });
  return std::unique_ptr<AdminServer>(new AdminServer(std::move(parts)));
}

AdminServer::AdminServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

AdminServer::~AdminServer() {
  // stop() says nothing to a server that does not listen yet; its thread is about to.
  while (!parts_->server.is_running()) std::this_thread::yield();
  parts_->server.stop();
}

uint16_t AdminServer::port() const { return static_cast<uint16_t>(parts_->port); }
std::string AdminServer::address() const { return fmt::format("http://{}:{}/", parts_->host, parts_->port); }

}  // namespace freshet::admin
