#include "telemetry/otlp_sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/threads.h"
#include "http/http_client.h"
#include "telemetry/telemetry_events.h"

namespace freshet::telemetry {
namespace {

constexpr Duration kTurn = std::chrono::seconds(1);
constexpr size_t kMaxRecords = 256;  // in a request
constexpr Duration kLongestPause = std::chrono::seconds(30);
// Of this time log lines get the first half, metrics what is left.
constexpr Duration kAfterStop = std::chrono::seconds(2);

http::ClientOptions client_options(const OtlpTarget& target) {
  http::ClientOptions options;
  options.ca_file = target.ca_file;
  options.cert_file = target.cert_file;
  options.key_file = target.key_file;
  options.max_response_bytes = 64 * 1024;
  return options;
}

// The statuses after which a client sends again, as OTLP's specification has them.
bool may_be_sent_again(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

}  // namespace

// Used only by the sender's thread.
class OtlpSender::Exchange {
 public:
  explicit Exchange(OtlpSender& sender)
      : s_(sender),
        metrics_client_(client_options(sender.settings_.metrics)),
        logs_client_(client_options(sender.settings_.logs)),
        metrics_due_(sender.clock_.steady_now() + sender.settings_.metric_interval) {}

  void turn(const std::stop_token& stop) {
    if (s_.takes_logs()) send_logs(kNoDeadline, stop);
    if (s_.settings_.metrics.url.empty() || s_.clock_.steady_now() < metrics_due_) return;
    metrics_due_ = s_.clock_.steady_now() + s_.settings_.metric_interval;
    send_metrics(kNoDeadline, stop);
  }

  void last_words() {
    const SteadyTime deadline = s_.clock_.steady_now() + kAfterStop;
    logs_due_ = {};
    if (s_.takes_logs()) send_logs(deadline - kAfterStop / 2, {});
    s_.own_metrics_.log_records_dropped.add(records_.size() + s_.waiting_.size());
    if (!s_.settings_.metrics.url.empty()) send_metrics(deadline, {});
  }

 private:
  enum class Answer { Accepted, SendAgain, Refused };
  static constexpr SteadyTime kNoDeadline = SteadyTime::max();

  void send_metrics(SteadyTime deadline, const std::stop_token& stop) {
    const std::string body = otlp_metrics(s_.metrics_, s_.resource_, s_.start_, s_.clock_.system_now());
    const Answer answer = send("metrics", metrics_client_, s_.settings_.metrics, body, deadline, stop);
    (answer == Answer::Accepted ? s_.own_metrics_.metrics_sent : s_.own_metrics_.metrics_failed).add();
  }

  // Until none waits, the collector does not take them, or `deadline` has passed.
  void send_logs(SteadyTime deadline, const std::stop_token& stop) {
    while (is_time(deadline) && take_records()) {
      const std::string body = otlp_logs(records_, s_.resource_, s_.clock_.system_now());
      const Answer answer = send("logs", logs_client_, s_.settings_.logs, body, deadline, stop);
      (answer == Answer::Accepted ? s_.own_metrics_.logs_sent : s_.own_metrics_.logs_failed).add();
      if (answer == Answer::SendAgain) {
        pause_ = std::min(std::max(2 * pause_, kTurn), kLongestPause);
        logs_due_ = s_.clock_.steady_now() + pause_;
        return;
      }
      if (answer == Answer::Refused) s_.own_metrics_.log_records_dropped.add(records_.size());
      pause_ = {};
      records_.clear();
    }
  }

  bool is_time(SteadyTime deadline) const {
    const SteadyTime now = s_.clock_.steady_now();
    return now >= logs_due_ && now < deadline;
  }

  // Takes the lines of one request; the others wait where they are counted. False if there is nothing to send.
  bool take_records() {
    if (!records_.empty()) return true;
    // No other thread takes any, so pop() does not wait.
    for (size_t left = std::min(s_.waiting_.size(), kMaxRecords); left > 0; --left) {
      records_.push_back(*s_.waiting_.pop());
    }
    return !records_.empty();
  }

  Answer send(const char* signal, http::Client& client, const OtlpTarget& target, const std::string& body,
              SteadyTime deadline, const std::stop_token& stop) {
    using std::chrono::milliseconds;
    const auto left = std::chrono::ceil<milliseconds>(deadline - s_.clock_.steady_now());
    http::Request request;
    request.method = "POST";
    request.url = target.url;
    request.headers = target.headers;
    request.headers.emplace_back("Content-Type: application/x-protobuf");
    request.body = {body};
    request.timeout = std::max(std::min(target.timeout, left), milliseconds(1));
    const auto answer = client.send(request, stop);
    if (!answer) {
      if (answer.error().kind != ErrorKind::Stopping) s_.log_.emit(OtlpNotSent{signal, 0, answer.error().text});
      return answer.error().kind == ErrorKind::Fatal ? Answer::Refused : Answer::SendAgain;
    }
    if (answer->status >= 200 && answer->status < 300) return Answer::Accepted;
    s_.log_.emit(OtlpNotSent{signal, answer->status, "the collector does not accept the request"});
    return may_be_sent_again(answer->status) ? Answer::SendAgain : Answer::Refused;
  }

  OtlpSender& s_;
  http::Client metrics_client_;
  http::Client logs_client_;
  SteadyTime metrics_due_;
  SteadyTime logs_due_{};
  Duration pause_{};
  std::vector<LogRecord> records_;  // of the next request, or of one that is sent again
};

OtlpSender::OtlpSender(OtlpSettings settings, OtlpResource resource, Clock& clock, Log& log, Metrics& metrics)
    : settings_(std::move(settings)),
      resource_(std::move(resource)),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      own_metrics_(metrics),
      start_(clock.system_now()),
      thread_(needed_thread("otlp", [this](std::stop_token stop) { run(stop); })) {}

OtlpSender::~OtlpSender() = default;

void OtlpSender::add(LogRecord record) noexcept {
  try {
    if (!waiting_.try_push(record)) own_metrics_.log_records_dropped.add();
  } catch (...) {
    own_metrics_.log_records_dropped.add();  // out of memory
  }
}

void OtlpSender::run(std::stop_token stop) {
  Exchange exchange(*this);
  while (sleep_interruptibly(clock_, stop, kTurn)) exchange.turn(stop);
  exchange.last_words();
}

}  // namespace freshet::telemetry
