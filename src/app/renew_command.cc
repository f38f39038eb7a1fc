#include "app/renew_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "http/http_client.h"

namespace freshet::app {
namespace {

using nlohmann::json;

constexpr Duration kWait = std::chrono::minutes(1);
constexpr Duration kAskEvery = std::chrono::milliseconds(200);

class Asking {
 public:
  Asking(const settings::Settings& settings, std::stop_token stop)
      : url_(fmt::format("http://{}/renew", settings.renew_at)), token_(settings.admin.token), stop_(std::move(stop)) {}

  Result<http::Response> send(const char* method) {
    http::Request request;
    request.method = method;
    request.url = url_;
    request.timeout = std::chrono::seconds(10);
    if (!token_.empty()) request.headers.push_back("Authorization: Bearer " + token_);
    return client_.send(request, stop_);
  }

 private:
  const std::string url_;
  const std::string token_;
  const std::stop_token stop_;
  http::Client client_{{}};
};

std::string text_of(const json& report) {
  if (report.value("result", "") != "renewed") {
    return fmt::format("{}: {}", report.value("result", "?"), report.value("error", ""));
  }
  const json pause = report.value("pause_ms", json());
  return fmt::format("renewed: {}, {:.3f} s, pause {}, group generation {}, assignment {}", report.value("mode", "?"),
                     report.value("duration_ms", 0.0) / 1000,
                     pause.is_number() ? fmt::format("{:.0f} ms", pause.get<double>()) : "unknown",
                     report.value("generation_kept", false) ? "kept" : "changed",
                     report.value("assignment_kept", false) ? "kept" : "changed");
}

}  // namespace

int renew(const settings::Settings& settings, Clock& clock, std::stop_token stop, std::ostream& out) {
  Asking asking(settings, stop);
  const auto answer = asking.send("POST");
  if (!answer || answer->status != 202) {
    out << "not renewed: " << (answer ? answer->body : answer.error().text + "\n");
    return 1;
  }
  const json asked = json::parse(answer->body, nullptr, false);
  if (!asked.is_object() || !asked.contains("renewal") || !asked["renewal"].is_number_unsigned()) {
    out << "not renewed: this is no answer of freshet\n";
    return 1;
  }
  out << asked.value("text", "") << std::endl;
  const SteadyTime deadline = clock.steady_now() + kWait;
  while (clock.steady_now() < deadline && sleep_interruptibly(clock, stop, kAskEvery)) {
    const auto last = asking.send("GET");
    if (!last) continue;
    const json report = json::parse(last->body, nullptr, false);
    if (!report.is_object() || report.value("number", uint64_t{0}) < asked["renewal"].get<uint64_t>()) continue;
    out << text_of(report) << '\n';
    return report.value("result", "") == "renewed" ? 0 : 1;
  }
  out << "not finished yet; GET /renew shows how it ended\n";
  return 1;
}

}  // namespace freshet::app
