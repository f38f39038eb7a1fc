#include "app/renew_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <type_traits>

#include "base/json.h"
#include "http/http_client.h"

namespace freshet::app {
namespace {

using nlohmann::json;

constexpr Duration kWait = std::chrono::minutes(1);
constexpr Duration kAskEvery = std::chrono::milliseconds(200);

// Never through a proxy: the token is for the admin server only.
http::ClientOptions direct() {
  http::ClientOptions options;
  options.use_proxy = false;
  return options;
}

class Asking {
 public:
  Asking(const settings::Settings& settings, std::stop_token stop)
      : url_(fmt::format("http://{}", settings.renew_at)),
        token_(settings.admin.token.reveal()),
        stop_(std::move(stop)) {}

  Result<http::Response> send(const char* method, const char* path = "/renew") {
    http::Request request;
    request.method = method;
    request.url = url_ + path;
    request.timeout = std::chrono::seconds(10);
    request.headers.push_back("X-Freshet-Request: 1");  // proves that no web page sent the request
    if (!token_.empty()) request.headers.push_back("Authorization: Bearer " + token_);
    return client_.send(request, stop_);
  }

 private:
  const std::string url_;
  const std::string token_;
  const std::stop_token stop_;
  http::Client client_{direct()};
};

constexpr size_t kMostShown = 500;

// Removes what could move the terminal's cursor: ASCII control characters, and U+0080 to U+009F, which are two bytes in
// UTF-8.
std::string printable(std::string text) {
  if (text.size() > kMostShown) text.replace(kMostShown, std::string::npos, " [...]");
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool second_half = i > 0 && text[i - 1] == '\xC2' && byte >= 0x80 && byte < 0xA0;
    if (byte < 0x20 || byte == 0x7F || second_half) text[i] = ' ';
    if (second_half) text[i - 1] = ' ';
  }
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

// The server may send anything: a field that is missing or has another type yields the fallback.
template <typename T>
T field(const json& object, const char* name, T fallback) {
  const auto found = object.find(name);
  if (found == object.end()) return fallback;
  const bool fits = std::is_same_v<T, bool>          ? found->is_boolean()
                    : std::is_same_v<T, std::string> ? found->is_string()
                    : std::is_same_v<T, uint64_t>    ? found->is_number_unsigned()
                                                     : found->is_number();
  return fits ? found->get<T>() : fallback;
}

std::string text_field(const json& object, const char* name, const char* fallback = "") {
  return printable(field<std::string>(object, name, fallback));
}

std::optional<json> object_in(const std::string& body) {
  json value = parse_json(body);
  if (!value.is_object()) return std::nullopt;
  return value;
}

std::string text_of(const json& report) {
  if (text_field(report, "result") != "renewed") {
    return fmt::format("{}: {}", text_field(report, "result", "?"), text_field(report, "error"));
  }
  const double pause = field(report, "pause_ms", -1.0);
  return fmt::format("renewed: {}, {:.3f} s, pause {}, group generation {}, assignment {}",
                     text_field(report, "mode", "?"), field(report, "duration_ms", 0.0) / 1000,
                     pause >= 0 ? fmt::format("{:.0f} ms", pause) : "unknown",
                     field(report, "generation_kept", false) ? "kept" : "changed",
                     field(report, "assignment_kept", false) ? "kept" : "changed");
}

// What the process says the renewal waits for; empty if it does not say.
std::string waits_for(Asking& asking) {
  const auto answer = asking.send("GET", "/status");
  if (!answer) return {};
  const auto status = object_in(answer->body);
  if (!status || !status->contains("membership") || !status->at("membership").is_object()) return {};
  return text_field(status->at("membership"), "renewal_waits_for");
}

// Why the request was not accepted.
std::string refusal(const Result<http::Response>& answer) {
  if (!answer) return printable(answer.error().text);
  const std::string said = printable(answer->body);
  return said.empty() ? fmt::format("HTTP status {}", answer->status) : said;
}

}  // namespace

int renew(const settings::Settings& settings, Clock& clock, std::stop_token stop, std::ostream& out) {
  Asking asking(settings, stop);
  const auto answer = asking.send("POST");
  if (!answer || answer->status != 202) {
    out << "not renewed: " << refusal(answer) << '\n';
    return 1;
  }
  const auto asked = object_in(answer->body);
  const uint64_t number = asked ? field(*asked, "renewal", uint64_t{0}) : 0;
  if (number == 0) {
    out << "not renewed: the response is not from freshet\n";
    return 1;
  }
  out << text_field(*asked, "text") << std::endl;
  const SteadyTime deadline = clock.steady_now() + kWait;
  while (clock.steady_now() < deadline && sleep_interruptibly(clock, stop, kAskEvery)) {
    const auto last = asking.send("GET");
    const auto report = last ? object_in(last->body) : std::nullopt;
    if (!report || field(*report, "number", uint64_t{0}) < number) continue;
    out << text_of(*report) << '\n';
    return text_field(*report, "result") == "renewed" ? 0 : 1;
  }
  const std::string reason = waits_for(asking);
  out << "not finished yet" << (reason.empty() ? "" : ": it waits for " + reason)
      << "; GET /renew shows how it ended\n";
  return 1;
}

}  // namespace freshet::app
