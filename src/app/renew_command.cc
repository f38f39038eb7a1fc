#include "app/renew_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "app/admin_client.h"
#include "base/terminal_text.h"

namespace freshet::app {
namespace {

using nlohmann::json;

constexpr Duration kWait = std::chrono::minutes(1);
constexpr Duration kAskEvery = std::chrono::milliseconds(200);

std::string text_of(const json& report) {
  if (json_text(report, "result") != "renewed") {
    return fmt::format("{}: {}", json_text(report, "result", "?"), json_text(report, "error"));
  }
  const double pause = json_field(report, "pause_ms", -1.0);
  return fmt::format("renewed: {}, {:.3f} s, pause {}, group generation {}, assignment {}",
                     json_text(report, "mode", "?"), json_field(report, "duration_ms", 0.0) / 1000,
                     pause >= 0 ? fmt::format("{:.0f} ms", pause) : "unknown",
                     json_field(report, "generation_kept", false) ? "kept" : "changed",
                     json_field(report, "assignment_kept", false) ? "kept" : "changed");
}

// What the process says the renewal waits for; empty if it does not say.
std::string waits_for(AdminClient& asking) {
  const auto answer = asking.send("GET", "/status");
  if (!answer) return {};
  const auto status = json_object(answer->body);
  if (!status || !status->contains("membership") || !status->at("membership").is_object()) return {};
  return json_text(status->at("membership"), "renewal_waits_for");
}

// Why the request was not accepted.
std::string refusal(const Result<http::Response>& answer) {
  if (!answer) return terminal_text(answer.error().text);
  const std::string said = terminal_text(answer->body);
  return said.empty() ? fmt::format("HTTP status {}", answer->status) : said;
}

}  // namespace

int renew(const settings::Settings& settings, Clock& clock, std::stop_token stop, std::ostream& out) {
  AdminClient asking(settings.admin_addresses.front(), settings.admin.token.reveal(), stop);
  const auto answer = asking.send("POST", "/renew");
  if (!answer || answer->status != 202) {
    out << "not renewed: " << refusal(answer) << '\n';
    return 1;
  }
  const auto asked = json_object(answer->body);
  const uint64_t number = asked ? json_field(*asked, "renewal", uint64_t{0}) : 0;
  if (number == 0) {
    out << "not renewed: the response is not from freshet\n";
    return 1;
  }
  out << json_text(*asked, "text") << std::endl;
  const SteadyTime deadline = clock.steady_now() + kWait;
  while (clock.steady_now() < deadline && sleep_interruptibly(clock, stop, kAskEvery)) {
    const auto last = asking.send("GET", "/renew");
    const auto report = last ? json_object(last->body) : std::nullopt;
    if (!report || json_field(*report, "number", uint64_t{0}) < number) continue;
    out << text_of(*report) << '\n';
    return json_text(*report, "result") == "renewed" ? 0 : 1;
  }
  const std::string reason = waits_for(asking);
  out << "not finished yet" << (reason.empty() ? "" : ": it waits for " + reason)
      << "; GET /renew shows how it ended\n";
  return 1;
}

}  // namespace freshet::app
