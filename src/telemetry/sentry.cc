#include "telemetry/sentry.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <random>

#include "base/json.h"
#include "base/log_keys.h"
#include "base/threads.h"
#include "http/http_client.h"
#include "http/url.h"

namespace freshet::telemetry {
namespace {

constexpr size_t kMaxText = 300;
constexpr uint32_t kPerMinute = 30;
constexpr Duration kMinute = std::chrono::minutes(1);
constexpr Duration kLastWords = std::chrono::seconds(2);

std::string event_id() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  return fmt::format("{:016x}{:016x}", random(), random());
}

std::string host_name() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

bool is_number(const std::string& text) {
  return text == "true" || text == "false" || text.find_first_not_of("0123456789+-.e") == std::string::npos;
}

nlohmann::ordered_json tags_of(const SentrySettings& settings, const AssignedPartitions& assigned) {
  nlohmann::ordered_json tags = nlohmann::ordered_json::object();
  for (const auto& [name, value] : settings.tags) tags[name] = value;
  if (!assigned) return tags;
  const PartitionTags owned = partition_tags(*assigned);
  tags["assigned_partitions"] = owned.assigned;
  tags["min_partition"] = owned.least;
  return tags;
}

std::string dumped(const nlohmann::ordered_json& value) { return to_json_text(value); }

}  // namespace

Result<SentryTarget> sentry_target(const std::string& dsn) {
  const auto url = http::parse_url(dsn);
  const size_t slash = url ? url->path.rfind('/') : std::string::npos;
  if (!url || url->user.empty() || slash + 1 >= url->path.size()) {
    return failure(ErrorKind::Fatal, "--sentry-dsn: is not of the form https://PUBLIC_KEY@HOST/PROJECT");
  }
  return SentryTarget{
      fmt::format("{}{}/api/{}/envelope/", http::origin(*url), url->path.substr(0, slash), url->path.substr(slash + 1)),
      fmt::format("Sentry sentry_version=7, sentry_client=freshet/1, sentry_key={}", url->user)};
}

std::string sentry_envelope(const ErrorReport& report, const SentrySettings& settings,
                            const AssignedPartitions& assigned) {
  const std::string id = event_id();
  nlohmann::ordered_json extra = nlohmann::ordered_json::object();
  std::string code;
  for (const auto& [name, text] : report.fields) {
    if (report.free_texts.contains(name) || (!is_told(name) && !is_number(text))) continue;
    extra[name] = text.substr(0, kMaxText);
    if (name == log_key::kErrorCode) code = text;
  }
  nlohmann::ordered_json event{
      {"event_id", id},
      {"timestamp", to_seconds(report.at.time_since_epoch())},
      {"platform", "native"},
      {"level", "error"},
      {"logger", "freshet"},
      {"server_name", host_name()},
      {"logentry", {{"formatted", code.empty() ? report.event : fmt::format("{}: {}", report.event, code)}}},
      {"fingerprint", {report.event, code}},
      {"tags", tags_of(settings, assigned)},
      {"extra", std::move(extra)}};
  if (!settings.release.empty()) event["release"] = settings.release;
  const std::string body = dumped(event);
  return fmt::format("{}\n{}\n{}\n", dumped({{"event_id", id}}), dumped({{"type", "event"}, {"length", body.size()}}),
                     body);
}

// Used only by the reporter's thread.
class SentryReporter::Sender {
 public:
  explicit Sender(SentryReporter& reporter)
      : r_(reporter), client_(http::ClientOptions()), dsn_(reporter.settings_.dsn.value), target_(reporter.target_) {}

  void send(const ErrorReport& report, std::chrono::milliseconds timeout, std::stop_token stop) {
    if (!admitted()) return r_.metrics_.dropped.add();
    const std::string envelope = sentry_envelope(report, r_.settings_, r_.assigned_());
    follow(r_.dsn_->current());
    auto answer = post(envelope, timeout, stop);
    if (answer && (answer->status == 401 || answer->status == 403)) {
      if (const auto other = r_.dsn_->after_refusal(dsn_, stop); other && follow(*other)) {
        answer = post(envelope, timeout, stop);
      }
    }
    if (answer && answer->status == 200) return r_.metrics_.sent.add();
    r_.metrics_.dropped.add();
    // Sentry rate-limits this client: send nothing for two minutes.
    if (answer && answer->status == 429) {
      minute_ = r_.clock_.steady_now() + kMinute;
      in_minute_ = kPerMinute;
    }
  }

 private:
  // Uses another DSN from now on, unless it is not valid. True if it does.
  bool follow(const secrets::Secret& dsn) {
    if (dsn == dsn_) return false;
    auto target = sentry_target(dsn.reveal());
    if (!target) return false;
    dsn_ = dsn;
    target_ = *std::move(target);
    return true;
  }

  Result<http::Response> post(const std::string& envelope, std::chrono::milliseconds timeout,
                              const std::stop_token& stop) {
    http::Request request;
    request.method = "POST";
    request.url = target_.url;
    request.headers = {"Content-Type: application/x-sentry-envelope", "X-Sentry-Auth: " + target_.auth};
    request.body = {envelope};
    request.timeout = timeout;
    return client_.send(request, stop);
  }

  bool admitted() {
    const SteadyTime now = r_.clock_.steady_now();
    if (now - minute_ >= kMinute) {
      minute_ = now;
      in_minute_ = 0;
    }
    return in_minute_++ < kPerMinute;
  }

  SentryReporter& r_;
  http::Client client_;
  secrets::Secret dsn_;  // of target_
  SentryTarget target_;
  SteadyTime minute_{};
  uint32_t in_minute_ = 0;
};

SentryReporter::SentryReporter(const SentrySettings& settings, SentryTarget target,
                               std::function<AssignedPartitions()> assigned, Clock& clock, Metrics& metrics,
                               secrets::SecretStore& secrets)
    : settings_(settings),
      dsn_(secrets.get("sentry_dsn", settings.dsn)),
      target_(std::move(target)),
      assigned_(std::move(assigned)),
      clock_(clock),
      metrics_(metrics),
      thread_(needed_thread("sentry", [this](std::stop_token stop) { run(stop); })) {}

SentryReporter::~SentryReporter() = default;

void SentryReporter::report(ErrorReport report) noexcept {
  try {
    if (!waiting_.try_push(report)) metrics_.dropped.add();
  } catch (...) {
    metrics_.dropped.add();  // out of memory
  }
}

void SentryReporter::run(std::stop_token stop) {
  Sender sender(*this);
  while (const auto report = waiting_.pop(stop)) sender.send(*report, std::chrono::seconds(5), stop);
  std::vector<ErrorReport> left;
  waiting_.drain_into(left);
  const SteadyTime deadline = clock_.steady_now() + kLastWords;
  for (const ErrorReport& report : left) {
    if (clock_.steady_now() >= deadline) return;
    sender.send(report, std::chrono::seconds(1), {});
  }
}

}  // namespace freshet::telemetry
