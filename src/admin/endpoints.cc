#include "admin/endpoints.h"

#include <fmt/format.h>

#include <array>
#include <exception>
#include <nlohmann/json.hpp>

#include "admin/page.h"
#include "admin/status_json.h"
#include "base/json.h"

namespace freshet::admin {
namespace {

MessageTexts texts_for(const Request& request) {
  return request.has_token ? MessageTexts::Shown : MessageTexts::Hidden;
}

Response of(const HealthStatus& answer, const Request& request) {
  return answer.ok ? Response::text(200, "ok") : Response::text(503, text_for(answer.reason, texts_for(request)));
}

std::string endpoints_as_html() {
  std::string out;
  for (const Endpoint& one : endpoints()) {
    const std::string path =
        one.method == "GET" ? fmt::format(R"(<a href="{0}">{0}</a>)", one.path) : std::string(one.path);
    out += fmt::format("<dt>{} {}</dt><dd>{}</dd>\n", one.method, path, one.about);
  }
  return out;
}

Response page_of_this_server(const AdminSources&, const Request&, std::stop_token) {
  static const std::string html = page(endpoints_as_html());
  Response response;
  response.content_type = "text/html; charset=utf-8";
  response.body = html;
  return response;
}

Response metrics(const AdminSources& sources, const Request&, std::stop_token) {
  Response response;
  response.content_type = "text/plain; version=0.0.4";
  response.body = sources.metrics();
  return response;
}

Response health(const AdminSources& sources, const Request& request, std::stop_token) {
  return of(sources.health(), request);
}

Response ready(const AdminSources& sources, const Request& request, std::stop_token) {
  return of(sources.ready(), request);
}

Response status(const AdminSources& sources, const Request& request, std::stop_token) {
  return Response::json(200, status_json(sources.status(), texts_for(request)));
}

Response last_renewal(const AdminSources& sources, const Request&, std::stop_token) {
  const auto last = sources.last_renewal();
  return Response::json(200, last ? renewal_json(*last) : "null\n");
}

Response history(const AdminSources& sources, const Request&, std::stop_token) {
  return Response::json(200, sources.history());
}

Response dead_letters(const AdminSources& sources, const Request& request, std::stop_token) {
  return Response::json(200, dead_letters_json(sources.dead_letters(), texts_for(request)));
}

Response settings(const AdminSources& sources, const Request&, std::stop_token) {
  return Response::json(200, settings_json(sources.settings()));
}

Response renew(const AdminSources& sources, const Request& request, std::stop_token) {
  if (!request.body.empty() && !request.carries_json()) return Response::text(415, "a renewal needs no body");
  const auto asked = sources.renew();
  if (!asked) return Response::text(409, asked.error().text);
  std::string what =
      asked->coalesced
          ? fmt::format("renewal {} is already in progress; this request is coalesced with it", asked->number)
          : fmt::format("renewal {} is requested", asked->number);
  if (!asked->waits_for.empty()) what += "; it waits for " + asked->waits_for;
  const nlohmann::ordered_json json{
      {"renewal", asked->number}, {"coalesced", asked->coalesced}, {"waits_for", asked->waits_for}, {"text", what}};
  return Response::json(202, to_json_text(json, 2) + "\n");
}

Response skip(const AdminSources& sources, const Request& request, std::stop_token stop) {
  if (!request.carries_json()) return Response::text(415, "send Content-Type: application/json");
  const auto asked = parse_skip_request(request.body);
  if (!asked) return Response::text(400, asked.error().text);
  const Result<std::string> done = sources.skip(*asked, std::move(stop));
  const std::string said = text_for(done ? *done : done.error().text, texts_for(request));
  return Response::text(done ? 200 : 409, said);
}

constexpr std::array kEndpoints{
    Endpoint{"GET", "/", Needs::Reading, Lane::Connections, "the admin page", page_of_this_server},
    Endpoint{"GET", "/metrics", Needs::Reading, Lane::Quick, "Prometheus text", metrics},
    Endpoint{"GET", "/health", Needs::Nothing, Lane::Connections, "200 if the main loop ran within 30 s", health},
    Endpoint{"GET", "/ready", Needs::Reading, Lane::Connections,
             "200 if messages are processed or there is no lag; otherwise 503 with the reason", ready},
    Endpoint{"GET", "/status", Needs::Reading, Lane::Quick, "state of the process and of every partition, as JSON",
             status},
    Endpoint{"GET", "/history", Needs::Reading, Lane::Quick,
             "rates, lag, latency and renewals of the last hour, a sample each 10 s, as JSON", history},
    Endpoint{"GET", "/dead-letters", Needs::Reading, Lane::Quick,
             "the last messages that could not become rows, as JSON", dead_letters},
    Endpoint{"GET", "/settings", Needs::Reading, Lane::Quick,
             "settings and live options with their source, without secrets, as JSON", settings},
    Endpoint{"GET", "/renew", Needs::Reading, Lane::Quick, "result of the last renewal, as JSON", last_renewal},
    Endpoint{"POST", "/renew", Needs::Changing, Lane::Quick, "requests a new Kafka consumer", renew},
    Endpoint{"POST", "/skip", Needs::Changing, Lane::Slow, "skips what blocks a partition, or resolves a blocked batch",
             skip},
};

std::string listed() {
  std::string out = "the endpoints are:";
  for (const Endpoint& one : kEndpoints) out += fmt::format("\n{:4} {:13} {}", one.method, one.path, one.about);
  return out;
}

bool takes(const Endpoint& endpoint, std::string_view method) {
  return method == endpoint.method || (method == "HEAD" && endpoint.method == "GET");
}

}  // namespace

std::span<const Endpoint> endpoints() { return kEndpoints; }

Found find_endpoint(const Request& request) {
  std::string methods;
  for (const Endpoint& one : kEndpoints) {
    if (one.path != request.path) continue;
    if (takes(one, request.method)) return {&one, {}};
    methods += fmt::format("{}{}", methods.empty() ? "" : ", ", one.method == "GET" ? "GET, HEAD" : one.method);
  }
  if (methods.empty()) return {nullptr, Response::text(404, listed())};
  Found found{nullptr, Response::text(405, "this endpoint accepts " + methods)};
  found.otherwise.allow = methods;
  return found;
}

Response answer(const Endpoint& endpoint, const AdminSources& sources, const Request& request,
                std::stop_token stop) noexcept try {
  return endpoint.answer(sources, request, std::move(stop));
} catch (const std::exception& e) {
  return Response::text(500, e.what());
}

}  // namespace freshet::admin
