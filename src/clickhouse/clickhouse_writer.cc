#include "clickhouse/clickhouse_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <tuple>
#include <utility>

#include "base/log_limiter.h"
#include "base/message_text.h"
#include "clickhouse/block_encoder.h"
#include "clickhouse/clickhouse_events.h"
#include "clickhouse/clickhouse_metrics.h"
#include "clickhouse/error_codes.h"
#include "clickhouse/error_table.h"
#include "clickhouse/failed_inserts.h"
#include "clickhouse/insert_body.h"
#include "clickhouse/insert_url.h"
#include "clickhouse/password.h"
#include "clickhouse/request_builder.h"
#include "clickhouse/response.h"
#include "clickhouse/retry_delay.h"
#include "clickhouse/stored_messages.h"
#include "http/http_client.h"

namespace freshet::clickhouse {
namespace {

constexpr int kCurlTimedOut = 28;  // CURLE_OPERATION_TIMEDOUT
// After this long, an unknown error code is no longer considered temporary and is reported as Operator.
constexpr Duration kUnlistedPatience = std::chrono::minutes(3);
// After this long, the batch is blocked until an operator resolves it.
constexpr Duration kUnlistedBlocks = std::chrono::minutes(5);
// How often rows are counted until a query succeeds, with a pause that doubles.
constexpr int kCounts = 6;
constexpr Duration kFirstCountPause = std::chrono::seconds(1);

// The result of one attempt.
struct InsertAttempt {
  enum class End { Written, Failed, Stopped };
  End end = End::Written;
  ErrorClass error_class = ErrorClass::Transient;
  ServerError error;
  std::string_view advice;
  bool listed = true;  // false: freshet does not know the code
  bool maybe_stored = false;
  bool had_rows = true;  // false: an insert without rows failed, which says nothing about the rows of the batch
};

// The code with its name, because the ClickHouse text that contains the name may have to be hidden.
std::string named(int code) {
  const ErrorCode* known = find_error_code(code);
  return known == nullptr ? std::to_string(code) : fmt::format("{} {}", code, known->name);
}

// Marks what may contain a row: ClickHouse's errors quote rows, and another server's response body may echo the
// request. The code, its name and the text before that body contain no row.
std::string for_people(const ServerError& error) {
  constexpr std::string_view kBody = " bytes: ";
  if (error.code != 0) return fmt::format("error {}: {}", named(error.code), message_text(error.text));
  const size_t at = error.text.find(kBody);
  if (at == std::string::npos) return error.text;
  return error.text.substr(0, at + kBody.size()) + message_text(error.text.substr(at + kBody.size()));
}

std::string with_advice(const InsertAttempt& attempt) {
  const std::string text = for_people(attempt.error);
  return attempt.advice.empty() ? text : fmt::format("{} - {}", text, attempt.advice);
}

InsertFailure::Class failure_class(ErrorClass error_class) {
  if (error_class == ErrorClass::Overload) return InsertFailure::Class::Overload;
  if (error_class == ErrorClass::Operator) return InsertFailure::Class::Operator;
  return InsertFailure::Class::Transient;
}

class ClickHouseWriter final : public RowWriter {
 public:
  ClickHouseWriter(ClickHouseSettings settings, std::shared_ptr<Hosts> hosts, Clock& clock, Log& log, Metrics& metrics,
                   std::unique_ptr<RequestBuilder> requests, SecretMask* mask,
                   std::shared_ptr<TablePropertiesCache> table, std::optional<PositionColumns> positions)
      : settings_(std::move(settings)),
        hosts_(std::move(hosts)),
        clock_(clock),
        log_(log),
        metrics_(metrics),
        requests_(std::move(requests)),
        client_options_(requests_->client_options()),
        client_(client_options_),
        password_(settings_, mask),
        failures_(std::move(table)),
        stored_(std::move(positions), settings_, clock, mask),
        body_(settings_.compression, requests_->full_blocks()),
        delay_(std::random_device{}()) {}

  WriteOutcome write(const InsertRequest& request, const WriteControl& control) override;
  Result<std::vector<Offset>> missing(const InsertMessages& messages, const WriteControl& control) override;

 private:
  WriteOutcome send_until_decided(const InsertRequest& request, std::string_view body, const WriteControl& control);
  WriteOutcome after_attempts(WriteOutcome outcome) const;
  InsertAttempt attempt(size_t host, const InsertRequest& request, std::string_view body, const std::stop_token& stop);
  InsertAttempt classify_answer(size_t host, const Result<http::Response>& answer);
  InsertAttempt confirm_rejection(size_t host, const InsertRequest& request, InsertAttempt rejected,
                                  const std::stop_token& stop);
  void classify_unlisted(InsertAttempt& failed, SteadyTime& since) const;
  WriteOutcome unlisted_end(const InsertAttempt& failed) const;
  bool drop_unknown_setting(size_t host, const ServerError& error);
  bool pause_or_next_host(size_t host, const InsertAttempt& failed, size_t& untried, const WriteControl& control);
  http::Request request_for(size_t host, const InsertRequest& request, std::string_view body);
  void report(size_t host, const InsertAttempt& failed, uint32_t number);
  void report_success(size_t host, uint32_t attempts);
  WriteOutcome verify(size_t host, const InsertRequest& request, const WriteControl& control);

  // Constant after construction.
  const ClickHouseSettings settings_;
  const std::shared_ptr<Hosts> hosts_;
  Clock& clock_;
  Log& log_;
  const ClickHouseMetrics metrics_;
  // Used by the writer's thread only.
  const std::unique_ptr<RequestBuilder> requests_;
  http::ClientOptions client_options_;
  http::Client client_;
  Password password_;
  FailedInserts failures_;
  StoredMessages stored_;
  InsertBody body_;
  RetryDelay delay_;
  // Limits a persistent failure to one log line a minute.
  bool failing_ = false;
  // Limits the log lines by host, code and class, in the current series of failures.
  LogLimiter<std::tuple<size_t, int, ErrorClass>> logged_;
};

WriteOutcome ClickHouseWriter::write(const InsertRequest& request, const WriteControl& control) {
  failures_.begin(request, settings_);
  if (auto outcome = failures_.before_sending(request, settings_, control.stop)) return *std::move(outcome);
  const auto body = body_.encode(request, control.budget);
  if (!body) return body.error();
  const Charge charge(control.budget, body->size());
  WriteOutcome outcome = send_until_decided(request, *body, control);
  body_.trim();
  return outcome;
}

WriteOutcome ClickHouseWriter::send_until_decided(const InsertRequest& request, std::string_view body,
                                                  const WriteControl& control) {
  delay_.reset();
  requests_->begin_batch();
  SteadyTime unlisted_since = SteadyTime::max();  // none yet
  size_t untried = hosts_->size() - 1;            // hosts that may still be tried in this round without a delay
  for (uint32_t number = 1;; ++number) {
    if (clock_.since_boot() > control.not_after) return {WriteOutcome::Kind::Expired, 0, "too late", {}};
    const size_t host = hosts_->pick(clock_.steady_now());
    InsertAttempt now = attempt(host, request, body, control.stop);
    if (now.error_class == ErrorClass::Data && now.error.place == ErrorPlace::Unknown) {
      now = confirm_rejection(host, request, std::move(now), control.stop);
    }
    if (now.end == InsertAttempt::End::Stopped) return {WriteOutcome::Kind::Abandoned, 0, "stopped", {}};
    if (now.end == InsertAttempt::End::Written) {
      report_success(host, number);
      metrics_.compressed_bytes.add(body.size());
      return failures_.unverified(request, control.stop) ? verify(host, request, control) : WriteOutcome{};
    }
    classify_unlisted(now, unlisted_since);
    metrics_.errors(to_string(now.error_class), now.error.code).add();
    requests_->count_failure(now.error.status, now.error.timed_out, number);
    if (now.error_class == ErrorClass::Data) return after_attempts(failures_.rejected(now.error));
    report(host, now, number);
    if (now.had_rows) {
      const ErrorDisposition disposition{now.error_class, now.advice, now.listed, now.maybe_stored};
      if (auto outcome = failures_.gives_up(request, now.error, disposition, control.stop)) {
        return after_attempts(*std::move(outcome));
      }
    }
    if (!now.listed && clock_.steady_now() - unlisted_since >= kUnlistedBlocks) return unlisted_end(now);
    if (control.on_failure) {
      control.on_failure({failure_class(now.error_class), now.error.code, with_advice(now), number});
    }
    const std::optional<Duration> by_policy = requests_->retry_delay(number);
    const bool goes_on = by_policy ? sleep_interruptibly(clock_, control.stop, *by_policy)
                                   : pause_or_next_host(host, now, untried, control);
    if (!goes_on) {
      return {WriteOutcome::Kind::Abandoned, now.error.code, now.error.text, {}};
    }
  }
}

WriteOutcome ClickHouseWriter::after_attempts(WriteOutcome outcome) const {
  outcome.maybe_stored_before = failures_.end_unknown();
  return outcome;
}

InsertAttempt ClickHouseWriter::attempt(size_t host, const InsertRequest& request, std::string_view body,
                                        const std::stop_token& stop) {
  while (true) {
    const http::Request http = request_for(host, request, body);
    const SteadyTime begin = clock_.steady_now();
    const Result<http::Response> answer = client_.send(http, stop);
    metrics_.insert_seconds.observe(to_seconds(clock_.steady_now() - begin));
    InsertAttempt result = classify_answer(host, answer);
    if (result.end == InsertAttempt::End::Failed && drop_unknown_setting(host, result.error)) continue;
    if (result.end == InsertAttempt::End::Failed && rejects_login(result.error.code) && password_.refresh()) {
      log_.emit(PasswordChanged{settings_.password_file});
      continue;
    }
    return result;
  }
}

// Opens a new connection if the connection options have changed.
http::Request ClickHouseWriter::request_for(size_t host, const InsertRequest& request, std::string_view body) {
  if (password_.refresh_if_changed()) log_.emit(PasswordChanged{settings_.password_file});
  if (const http::ClientOptions wanted = requests_->client_options(); wanted != client_options_) {
    client_options_ = wanted;
    client_ = http::Client(client_options_);
  }
  const SettingNames dropped = hosts_->dropped(host);
  http::Request http = requests_->insert({hosts_->url(host), request.layout, request.token, &dropped}, password_.get());
  http.body = {body};
  return http;
}

InsertAttempt ClickHouseWriter::classify_answer(size_t host, const Result<http::Response>& answer) {
  InsertAttempt result;
  if (!answer) {
    if (answer.error().kind == ErrorKind::Stopping) {
      result.end = InsertAttempt::End::Stopped;
      return result;
    }
    result.end = InsertAttempt::End::Failed;
    result.error.text = answer.error().text;
    result.error.curl_code = answer.error().code;
    result.error.timed_out = answer.error().code == kCurlTimedOut;
    result.advice = "freshet retries; if the error persists, check that the server runs, and --clickhouse-url";
    if (answer.error().kind == ErrorKind::Fatal) {
      result.error_class = ErrorClass::Operator;
      result.advice = "correct the ClickHouse URL, credentials or TLS files";
    }
    return result;
  }
  std::optional<ServerError> error = find_error(*answer, AnswerTo::Insert);
  if (!error) return result;
  const ErrorDisposition disposition = classify(*error);
  result.end = InsertAttempt::End::Failed;
  result.error = std::move(*error);
  if (result.error.code == 0) result.error.text = hosts_->name(host) + ": " + result.error.text;
  result.error_class = disposition.error_class;
  result.advice = disposition.advice;
  result.listed = disposition.listed;
  result.maybe_stored = disposition.maybe_stored;
  return result;
}

// Called if the error does not name a row. An invalid value of a setting fails with the same codes although no message
// is invalid, so an insert without rows decides.
InsertAttempt ClickHouseWriter::confirm_rejection(size_t host, const InsertRequest& request, InsertAttempt rejected,
                                                  const std::stop_token& stop) {
  const RowLayout layout{RowFormat::JsonEachRow, request.layout->columns};
  InsertRequest empty;
  empty.layout = &layout;
  empty.rows = {kNoRows};
  BlockEncoder encoder(settings_.compression, requests_->full_blocks());
  InsertAttempt without_rows = attempt(host, empty, encoder.encode(empty.rows), stop);
  if (without_rows.end == InsertAttempt::End::Written) return rejected;
  if (without_rows.error_class == ErrorClass::Data) {
    const ErrorDisposition disposition = classify_without_rows(without_rows.error);
    without_rows.error_class = disposition.error_class;
    without_rows.advice = disposition.advice;
  }
  without_rows.had_rows = false;
  return without_rows;
}

// `since`: start of the current series of failures with an unknown code.
void ClickHouseWriter::classify_unlisted(InsertAttempt& failed, SteadyTime& since) const {
  const SteadyTime now = clock_.steady_now();
  since = failed.listed ? SteadyTime::max() : std::min(since, now);
  if (failed.listed || now - since < kUnlistedPatience) return;
  failed.error_class = ErrorClass::Operator;
  failed.advice = "freshet does not know this code, and the error persists: see the text and the server's log";
}

WriteOutcome ClickHouseWriter::unlisted_end(const InsertAttempt& failed) const {
  return {
      WriteOutcome::Kind::MaybeStored,
      failed.error.code,
      "ClickHouse has answered for 5 minutes with code " + std::to_string(failed.error.code) +
          ", which freshet does not know, so it is unknown whether the table has any of the rows: " + failed.error.text,
      {}};
}

// If the host does not know one of freshet's settings, or does not allow changing it, omits the setting on this host
// from now on, unless that would change the meaning of an acknowledgement.
bool ClickHouseWriter::drop_unknown_setting(size_t host, const ServerError& error) {
  if (error.code != kUnknownSetting && error.code != kSettingConstraint) return false;
  const std::string_view name = named_setting(error.text);
  if (!requests_->may_omit(name, error.code) || hosts_->dropped(host).contains(name)) return false;
  if (hosts_->drop_setting(host, name)) {
    log_.emit(SettingDropped{hosts_->server(host), name, error.text});
  }
  return true;
}

// False if a stop was requested. Waits for an overloaded host until the batch is overdue.
bool ClickHouseWriter::pause_or_next_host(size_t host, const InsertAttempt& failed, size_t& untried,
                                          const WriteControl& control) {
  const SteadyTime now = clock_.steady_now();
  if (failed.error_class != ErrorClass::Overload || now >= control.overdue_at) {
    hosts_->failed(host, now);
    if (untried > 0) {
      --untried;
      return !control.stop.stop_requested();
    }
  }
  untried = hosts_->size() - 1;
  return sleep_interruptibly(clock_, control.stop, delay_.next(failed.error_class));
}

void ClickHouseWriter::report(size_t host, const InsertAttempt& failed, uint32_t number) {
  failing_ = true;
  if (!logged_.admit({host, failed.error.code, failed.error_class}, clock_.steady_now())) return;
  const FailedInsert insert{hosts_->server(host),
                            to_string(failed.error_class),
                            failed.error.code,
                            failed.error.status,
                            number,
                            failed.error.text,
                            failed.advice};
  if (failed.error_class == ErrorClass::Operator) {
    log_.emit(InsertNeedsOperator{insert});
  } else {
    log_.emit(InsertFailed{insert});
  }
}

// The server acknowledged the insert, perhaps without having its rows.
WriteOutcome ClickHouseWriter::verify(size_t host, const InsertRequest& request, const WriteControl& control) {
  const InsertMessages messages = request.messages ? request.messages() : InsertMessages{};
  Result<std::vector<Offset>> lost = failure(ErrorKind::Fatal, "only with --delivery exactly-once");
  if (request.messages) lost = missing(messages, control);
  if (request.messages && control.stop.stop_requested()) return {WriteOutcome::Kind::Abandoned, 0, "stopped", {}};
  if (!lost) {
    metrics_.unverified.add();
    log_.emit(
        InsertUnverified{hosts_->server(host), settings_.table, request.row_count, request.token, lost.error().text});
    return {};
  }
  (lost->empty() ? metrics_.verified : metrics_.incomplete).add();
  if (!lost->empty()) {
    log_.emit(
        InsertIncomplete{hosts_->server(host), settings_.table, messages.messages.size(), lost->size(), request.token});
  }
  WriteOutcome outcome;
  outcome.missing = *std::move(lost);
  return outcome;
}

Result<std::vector<Offset>> ClickHouseWriter::missing(const InsertMessages& messages, const WriteControl& control) {
  Duration pause = kFirstCountPause;
  for (int number = 1;; ++number, pause *= 2) {
    auto found = stored_.missing(messages, control.stop);
    const bool again = !found && found.error().kind == ErrorKind::Retry && number < kCounts;
    if (!again || !sleep_interruptibly(clock_, control.stop, pause)) return found;
  }
}

void ClickHouseWriter::report_success(size_t host, uint32_t attempts) {
  const bool host_is_back = hosts_->worked(host);
  if (!failing_ && !host_is_back) return;
  failing_ = false;
  logged_.resolve_all();
  log_.emit(InsertRecovered{hosts_->server(host), attempts});
}

}  // namespace

std::unique_ptr<RowWriter> make_row_writer(const ClickHouseSettings& settings, std::shared_ptr<Hosts> hosts,
                                           Clock& clock, Log& log, Metrics& metrics,
                                           std::unique_ptr<RequestBuilder> requests, SecretMask* mask,
                                           std::shared_ptr<TablePropertiesCache> table,
                                           std::optional<PositionColumns> positions) {
  if (requests == nullptr) requests = make_plain_request_builder(settings);
  return std::make_unique<ClickHouseWriter>(settings, std::move(hosts), clock, log, metrics, std::move(requests), mask,
                                            std::move(table), std::move(positions));
}

}  // namespace freshet::clickhouse
