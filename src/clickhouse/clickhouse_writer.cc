#include "clickhouse/clickhouse_writer.h"

#include <algorithm>
#include <optional>
#include <random>
#include <tuple>
#include <utility>

#include "base/log_limiter.h"
#include "clickhouse/block_encoder.h"
#include "clickhouse/clickhouse_events.h"
#include "clickhouse/clickhouse_metrics.h"
#include "clickhouse/error_table.h"
#include "clickhouse/failed_inserts.h"
#include "clickhouse/insert_attempt.h"
#include "clickhouse/insert_body.h"
#include "clickhouse/insert_url.h"
#include "clickhouse/login.h"
#include "clickhouse/native_fallback.h"
#include "clickhouse/omitted_settings.h"
#include "clickhouse/request_builder.h"
#include "clickhouse/retry_delay.h"
#include "clickhouse/stored_messages.h"
#include "http/http_client.h"

namespace freshet::clickhouse {
namespace {

// After this long, an unknown error code is no longer considered temporary and is reported as Operator.
constexpr Duration kUnlistedPatience = std::chrono::minutes(3);
// After this long, the batch is blocked until an operator resolves it.
constexpr Duration kUnlistedBlocks = std::chrono::minutes(5);
// How often rows are counted until a query succeeds, with a pause that doubles.
constexpr int kCounts = 6;
constexpr Duration kFirstCountPause = std::chrono::seconds(1);

class ClickHouseWriter final : public RowWriter {
 public:
  ClickHouseWriter(ClickHouseSettings settings, std::shared_ptr<Hosts> hosts, Clock& clock, Log& log, Metrics& metrics,
                   std::unique_ptr<RequestBuilder> requests, secrets::SecretStore* secrets,
                   std::shared_ptr<TablePropertiesCache> table, std::optional<PositionColumns> positions,
                   std::shared_ptr<BodyBuffers> buffers)
      : settings_(std::move(settings)),
        hosts_(std::move(hosts)),
        clock_(clock),
        log_(log),
        metrics_(metrics),
        requests_(std::move(requests)),
        login_(settings_, secrets, clock),
        client_options_(login_.with_certificate(requests_->client_options())),
        client_(client_options_),
        failures_(std::move(table)),
        fallback_(*hosts_, settings_.table, clock, log, metrics_),
        stored_(std::move(positions), settings_, clock, secrets),
        buffers_(buffers ? std::move(buffers) : std::make_shared<BodyBuffers>()),
        body_(settings_.compression, requests_->full_blocks(), buffers_),
        delay_(std::random_device{}()) {}

  WriteOutcome write(const InsertRequest& request, const WriteControl& control) override;
  Result<std::vector<Offset>> missing(const InsertMessages& messages, const WriteControl& control) override;
  void release_memory() noexcept override { buffers_->release(); }

 private:
  // An insert on its way.
  struct Sending {
    const InsertRequest& request;
    const WriteControl& control;
    EncodedInsert insert;
    Reservation& room;
    Charge charge;  // for the body
    bool as_json_instead = false;
  };
  tl::expected<EncodedInsert, WriteOutcome> encode(const InsertRequest& request, Reservation& room,
                                                   bool& as_json_instead);
  WriteOutcome send_until_decided(Sending& sending);
  WriteOutcome after_attempts(const Sending& sending, WriteOutcome outcome) const;
  tl::expected<InsertAttempt, WriteOutcome> send(size_t host, Sending& sending);
  tl::expected<void, WriteOutcome> make_json(Sending& sending);
  InsertAttempt attempt(size_t host, const EncodedInsert& insert, std::string_view token, const WriteControl& control);
  InsertAttempt confirm_rejection(size_t host, const EncodedInsert& insert, InsertAttempt rejected,
                                  const WriteControl& control);
  void classify_unlisted(InsertAttempt& failed, SteadyTime& since) const;
  WriteOutcome unlisted_end(const InsertAttempt& failed) const;
  bool pause_or_next_host(size_t host, const InsertAttempt& failed, size_t& untried, const WriteControl& control);
  bool renew_login(const WriteControl& control);
  bool follow_certificates(bool at_once);
  http::Request request_for(size_t host, const EncodedInsert& insert, std::string_view token);
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
  Login login_;
  http::ClientOptions client_options_;
  http::Client client_;
  FailedInserts failures_;
  NativeFallback fallback_;
  StoredMessages stored_;
  const std::shared_ptr<BodyBuffers> buffers_;
  InsertBody body_;
  RetryDelay delay_;
  // Limits a persistent failure to one log line a minute.
  bool failing_ = false;
  // Limits the log lines by host, code and class, in the current series of failures.
  LogLimiter<std::tuple<size_t, int, ErrorClass>> logged_;
};

WriteOutcome ClickHouseWriter::write(const InsertRequest& request, const WriteControl& control) {
  failures_.begin(request, settings_);
  fallback_.begin();
  if (auto outcome = failures_.before_sending(request, settings_, control.stop)) return *std::move(outcome);
  Reservation none;
  Reservation& room = control.room != nullptr ? *control.room : none;
  bool as_json_instead = false;
  const auto insert = encode(request, room, as_json_instead);
  if (!insert) {
    body_.finish();
    WriteOutcome failed = insert.error();
    failed.always_refused = failed.always_refused && !as_json_instead;  // Native may have been stored
    return failed;
  }
  Sending sending{request, control, *insert, room, room.charge(body_.memory()), as_json_instead};
  room.release();
  WriteOutcome outcome = send_until_decided(sending);
  sending.charge.resize(0);
  body_.finish();
  return outcome;
}

tl::expected<EncodedInsert, WriteOutcome> ClickHouseWriter::encode(const InsertRequest& request, Reservation& room,
                                                                   bool& as_json_instead) {
  const bool native = request.layout->format == RowFormat::Native;
  const size_t host = hosts_->pick(clock_.steady_now());
  as_json_instead = native && !fallback_.takes_native(host);
  if (!as_json_instead) return body_.encode(request, room);
  fallback_.count_json(host);
  return body_.as_json(request, room);
}

WriteOutcome ClickHouseWriter::send_until_decided(Sending& sending) {
  const InsertRequest& request = sending.request;
  const WriteControl& control = sending.control;
  const EncodedInsert& insert = sending.insert;
  delay_.reset();
  requests_->begin_batch();
  SteadyTime unlisted_since = SteadyTime::max();  // none yet
  size_t untried = hosts_->size() - 1;            // hosts that may still be tried in this round without a delay
  for (uint32_t number = 1;; ++number) {
    if (clock_.since_boot() > control.not_after) return {WriteOutcome::Kind::Expired, 0, "too late", {}};
    const size_t host = hosts_->pick(clock_.steady_now());
    auto sent = send(host, sending);
    if (!sent) return after_attempts(sending, std::move(sent.error()));
    InsertAttempt now = *std::move(sent);
    if (now.error_class == ErrorClass::Data && now.error.place == ErrorPlace::Unknown) {
      now = confirm_rejection(host, insert, std::move(now), control);
    }
    if (now.end == InsertAttempt::End::Stopped) return {WriteOutcome::Kind::Abandoned, 0, "stopped", {}};
    if (now.end == InsertAttempt::End::Written) {
      report_success(host, number);
      metrics_.compressed_bytes.add(size_of(insert.body));
      return failures_.unverified(request, control.stop) ? verify(host, request, control) : WriteOutcome{};
    }
    classify_unlisted(now, unlisted_since);
    metrics_.errors(to_string(now.error_class), now.error.code).add();
    requests_->count_failure(now.error.status, now.error.timed_out, number);
    if (now.error_class == ErrorClass::Data) return after_attempts(sending, failures_.rejected(now.error));
    report(host, now, number);
    if (now.had_rows) {
      const ErrorDisposition disposition{now.error_class, now.advice, now.listed, now.maybe_stored};
      if (auto outcome = failures_.gives_up(request, now.error, disposition, control.stop)) {
        return after_attempts(sending, *std::move(outcome));
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

WriteOutcome ClickHouseWriter::after_attempts(const Sending& sending, WriteOutcome outcome) const {
  outcome.maybe_stored_before = failures_.end_unknown();
  // What is too large as JSONEachRow may have been stored before, in the Native format.
  outcome.always_refused = outcome.always_refused && !sending.as_json_instead;
  return outcome;
}

// One attempt, or two: in the Native format, and at once as JSONEachRow (see NativeFallback).
tl::expected<InsertAttempt, WriteOutcome> ClickHouseWriter::send(size_t host, Sending& sending) {
  const std::string_view token = sending.request.token;
  if (sending.insert.layout->format == RowFormat::Native) {
    if (fallback_.takes_native(host)) {
      InsertAttempt native = attempt(host, sending.insert, token, sending.control);
      if (!fallback_.refused(host, native)) return native;
    }
    if (const auto made = make_json(sending); !made) return tl::make_unexpected(made.error());
  }
  InsertAttempt now = attempt(host, sending.insert, token, sending.control);
  fallback_.sent_as_json(host, now);
  return now;
}

// For the rest of this write().
tl::expected<void, WriteOutcome> ClickHouseWriter::make_json(Sending& sending) {
  sending.as_json_instead = true;
  InsertRequest whole = sending.request;
  whole.sent_before |= failures_.end_unknown();  // then it cannot be made smaller
  const auto instead = body_.as_json(whole, sending.room);
  if (!instead) return tl::make_unexpected(instead.error());
  sending.insert = *instead;
  sending.charge.resize(body_.memory());
  return {};
}

// Renews the login once: a command may return another token at each run. A renewed certificate is for the next attempt:
// a connection that breaks does not tell whether the rows are stored.
InsertAttempt ClickHouseWriter::attempt(size_t host, const EncodedInsert& insert, std::string_view token,
                                        const WriteControl& control) {
  bool may_renew = true;
  while (true) {
    const http::Request http = request_for(host, insert, token);
    const SteadyTime begin = clock_.steady_now();
    const Result<http::Response> answer = client_.send(http, control.stop);
    metrics_.insert_seconds.observe(to_seconds(clock_.steady_now() - begin));
    InsertAttempt result = classify_answer(hosts_->name(host), answer);
    const bool failed = result.end == InsertAttempt::End::Failed;
    if (failed && omit_setting(*hosts_, host, result.error, *requests_, log_)) continue;
    const bool login = failed && !result.maybe_stored && refuses_login(result.error);
    if (login && std::exchange(may_renew, false) && renew_login(control)) continue;
    if (http::may_refuse_certificate(result.error.curl_code)) login_.renew_certificate(control.stop);
    if (result.error.curl_code != 0) follow_certificates(true);
    return result;
  }
}

// The server refused the login. True: there is another one, and it is not too late to repeat the insert.
bool ClickHouseWriter::renew_login(const WriteControl& control) {
  const bool renewed = login_.renew(control.stop);  // before the certificate is looked at, which may be renewed, too
  const bool other_certificate = follow_certificates(true);
  return (renewed || other_certificate) && clock_.since_boot() <= control.not_after;
}

// A connection keeps the certificates that it was opened with.
bool ClickHouseWriter::follow_certificates(bool at_once) {
  if (!login_.certificates_changed(at_once)) return false;
  client_options_ = login_.with_certificate(requests_->client_options());
  client_ = http::Client(client_options_);
  return true;
}

// Opens a new connection if the connection options or the certificates have changed.
http::Request ClickHouseWriter::request_for(size_t host, const EncodedInsert& insert, std::string_view token) {
  follow_certificates(false);
  if (const auto wanted = login_.with_certificate(requests_->client_options()); wanted != client_options_) {
    client_options_ = wanted;
    client_ = http::Client(client_options_);
  }
  const SettingNames dropped = hosts_->dropped(host);
  http::Request http = requests_->insert({hosts_->url(host), insert.layout, token, &dropped}, login_.current());
  http.body = insert.body;
  return http;
}

// Called if the error does not name a row. An invalid value of a setting fails with the same codes although no message
// is invalid, so an insert without rows decides.
InsertAttempt ClickHouseWriter::confirm_rejection(size_t host, const EncodedInsert& insert, InsertAttempt rejected,
                                                  const WriteControl& control) {
  const RowLayout layout{RowFormat::JsonEachRow, insert.layout->columns};
  BlockEncoder encoder(settings_.compression, requests_->full_blocks());
  InsertAttempt without_rows = attempt(host, {encoder.encode({kNoRows}), &layout}, {}, control);
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
                                           std::unique_ptr<RequestBuilder> requests, secrets::SecretStore* secrets,
                                           std::shared_ptr<TablePropertiesCache> table,
                                           std::optional<PositionColumns> positions,
                                           std::shared_ptr<BodyBuffers> buffers) {
  if (requests == nullptr) requests = make_plain_request_builder(settings);
  return std::make_unique<ClickHouseWriter>(settings, std::move(hosts), clock, log, metrics, std::move(requests),
                                            secrets, std::move(table), std::move(positions), std::move(buffers));
}

}  // namespace freshet::clickhouse
