#include "admin/server.h"

#include <fmt/format.h>
#include <httplib.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "admin/access.h"
#include "admin/page.h"
#include "admin/status_json.h"

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

// What was sent with a POST. One that announces nothing sends nothing (RFC 9112, 6.3), as `curl -X POST` does; the
// library would wait for it until its read timeout. None: it is refused, or did not come whole.
std::optional<std::string> body_of(const httplib::Request& request, const httplib::ContentReader& content,
                                   httplib::Response& response) {
  std::string body;
  if (request.is_multipart_form_data()) {
    refuse(response, 415, "send Content-Type: application/json");
    return std::nullopt;
  }
  if (!request.has_header("Content-Length") && !request.has_header("Transfer-Encoding")) return body;
  const bool whole = content([&](const char* data, size_t size) {
    body.append(data, size);
    return true;
  });
  return whole ? std::optional(body) : std::nullopt;
}

void release(const AdminSources& sources, const httplib::Request& request, const std::string& sent,
             httplib::Response& response) {
  if (!request.get_header_value("Content-Type").starts_with(kJson)) {
    return refuse(response, 415, "send Content-Type: application/json");
  }
  const auto body = nlohmann::json::parse(sent, nullptr, false);
  if (!body.is_object() || !body.contains("partition") || !body["partition"].is_number_integer() ||
      !body.contains("offset") || !body["offset"].is_number_integer() || body["partition"] < 0 ||
      body["partition"] > INT32_MAX || !body["offset"].is_number_unsigned() ||
      body["offset"].get<uint64_t>() > INT64_MAX) {
    return refuse(response, 400, R"(expected {"partition": N, "offset": N}: go on with partition N from offset N)");
  }
  const Result<std::string> released =
      sources.release(Partition{body["partition"].get<int32_t>()}, Offset{body["offset"].get<int64_t>()});
  if (!released) return refuse(response, 409, released.error().text);
  response.set_content(*released + "\n", kText);
}

std::string text_of(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void renew(const AdminSources& sources, httplib::Response& response) {
  const auto asked = sources.renew();
  if (!asked) return refuse(response, 409, asked.error().text);
  const std::string what = asked->joined ? fmt::format("renewal {} is under way already; this joins it", asked->number)
                                         : fmt::format("renewal {} is asked for", asked->number);
  response.status = 202;
  response.set_content(text_of({{"renewal", asked->number}, {"joined", asked->joined}, {"text", what}}), kJson);
}

void last_renewal(const AdminSources& sources, httplib::Response& response) {
  const auto last = sources.last_renewal();
  response.set_content(last ? renewal_json(*last) : "null\n", kJson);
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
  server.Get("/renew", [&](const Request&, Response& r) { last_renewal(sources, r); });
  server.Post("/renew", [&](const Request& q, Response& r, const httplib::ContentReader& content) {
    if (body_of(q, content, r)) renew(sources, r);
  });
  server.Post("/release", [&](const Request& q, Response& r, const httplib::ContentReader& content) {
    if (const auto sent = body_of(q, content, r)) release(sources, q, *sent, r);
  });
  server.set_error_handler([](const Request&, Response& r) {
    if (r.body.empty() && r.status == 404) {
      r.set_content("there are: GET / /metrics /health /ready /status /renew, POST /renew /release\n", kText);
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

Result<std::unique_ptr<AdminServer>> AdminServer::start(const AdminSettings& settings, AdminSources sources) {
  const std::string& listen = settings.listen;
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
  parts->server.set_pre_routing_handler(
      [access = Access(parts->host, settings.token)](const httplib::Request& request, httplib::Response& response) {
        const auto refused =
            access.refuses({request.method, request.get_header_value("Host"), request.get_header_value("Origin"),
                            request.has_header("Origin"), request.get_header_value("Authorization")});
        if (!refused) return httplib::Server::HandlerResponse::Unhandled;
        refuse(response, refused->status, refused->text);
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
