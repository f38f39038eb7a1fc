#include "clickhouse/clickhouse_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
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
// So many errors that may be about the Native format end it for the insert.
constexpr int kDoubtfulAttempts = 3;
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
        client_options_(requests_->client_options()),
        client_(client_options_),
        login_(settings_, secrets, clock),
        failures_(std::move(table)),
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
    int doubtful = 0;                                 // attempts with an error for which may_be_format() is true
    std::optional<InsertAttempt> refused_by_proxy{};  // of the same attempt, in the Native format
  };
  tl::expected<EncodedInsert, WriteOutcome> encode(const InsertRequest& request, Reservation& room,
                                                   bool& as_json_instead);
  bool takes_native(size_t host) const;
  WriteOutcome send_until_decided(Sending& sending);
  WriteOutcome after_attempts(const Sending& sending, WriteOutcome outcome) const;
  tl::expected<InsertAttempt, WriteOutcome> send(size_t host, Sending& sending);
  void report_refused(size_t host, const InsertAttempt& refused);
  void remember_refusal(size_t host, const InsertAttempt& refused);
  InsertAttempt attempt(size_t host, const EncodedInsert& insert, std::string_view token, const WriteControl& control);
  InsertAttempt confirm_rejection(size_t host, const EncodedInsert& insert, InsertAttempt rejected,
                                  const WriteControl& control);
  void classify_unlisted(InsertAttempt& failed, SteadyTime& since) const;
  WriteOutcome unlisted_end(const InsertAttempt& failed) const;
  bool drop_unknown_setting(size_t host, const ServerError& error);
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
  http::ClientOptions client_options_;
  http::Client client_;
  Login login_;
  FailedInserts failures_;
  StoredMessages stored_;
  const std::shared_ptr<BodyBuffers> buffers_;
  InsertBody body_;
  RetryDelay delay_;
  // Limits a persistent failure to one log line a minute.
  bool failing_ = false;
  // Limits the log lines by host, code and class, in the current series of failures.
  LogLimiter<std::tuple<size_t, int, ErrorClass>> logged_;
  // By code. A table that changes makes every insert fail until the processors follow the change.
  LogLimiter<int> refused_;
};

WriteOutcome ClickHouseWriter::write(const InsertRequest& request, const WriteControl& control) {
  failures_.begin(request, settings_);
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
  as_json_instead = native && !takes_native(host);
  if (!as_json_instead) return body_.encode(request, room);
  if (const int status = hosts_->native_refused(host, clock_.steady_now())) metrics_.sent_as_json(status).add();
  return body_.as_json(request, room);
}

bool ClickHouseWriter::takes_native(size_t host) const {
  return !hosts_->dropped(host).contains(kTypesConversion) && hosts_->native_refused(host, clock_.steady_now()) == 0;
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

// One attempt. What ClickHouse refuses in the Native format it gets as JSONEachRow instead, at once and until the end
// of this write(); so does what a proxy refuses: for the length of the URL at once, otherwise after some attempts. The
// table may not have the types any more that the rows were made for, and only JSONEachRow fits any table and names the
// row at fault. Errors that pass, and sizes, do not depend on the format.
//
// Both are one insert to the server, because they have the same token: if an earlier attempt had an unknown end and did
// store the rows, this one is its repeat. (At least once, the server may give a text of more than 10 MiB another
// token.) A server that does not know tokens compares the values of the block; if the table has changed they differ in
// any format, so that this attempt is as safe as a repeat of JSONEachRow would be.
tl::expected<InsertAttempt, WriteOutcome> ClickHouseWriter::send(size_t host, Sending& sending) {
  if (sending.insert.layout->format == RowFormat::Native) {
    if (takes_native(host)) {
      InsertAttempt now = attempt(host, sending.insert, sending.request.token, sending.control);
      if (may_be_format(now)) ++sending.doubtful;
      if (!is_refused(now) && !is_too_long(now) && sending.doubtful < kDoubtfulAttempts) {
        const bool written = now.end == InsertAttempt::End::Written;
        if (written && hosts_->native_worked(host)) {
          log_.emit(NativeAccepted{hosts_->server(host), settings_.table});
        }
        return now;
      }
      if (is_refused_by_proxy(now)) {
        sending.refused_by_proxy = now;
      } else {
        report_refused(host, now);
      }
    }
    sending.as_json_instead = true;
    InsertRequest whole = sending.request;
    whole.sent_before |= failures_.end_unknown();  // then it cannot be made smaller
    const auto instead = body_.as_json(whole, sending.room);
    if (!instead) return tl::make_unexpected(instead.error());
    sending.insert = *instead;
    sending.charge.resize(body_.memory());
  }
  InsertAttempt now = attempt(host, sending.insert, sending.request.token, sending.control);
  const auto refused = std::exchange(sending.refused_by_proxy, std::nullopt);
  if (now.end == InsertAttempt::End::Written && refused) remember_refusal(host, *refused);
  return now;
}

// A proxy that refuses JSONEachRow, too, is no reason to give up Native.
void ClickHouseWriter::remember_refusal(size_t host, const InsertAttempt& refused) {
  const int status = refused.error.status;
  metrics_.sent_as_json(status).add();
  std::string why = fmt::format("{}: a proxy answers {} to Native inserts", hosts_->name(host), status);
  if (!hosts_->refuse_native(host, std::move(why), status, clock_.steady_now())) return;
  log_.emit(NativeRefused{hosts_->server(host), settings_.table, status, refused.error.text, refused.advice});
}

void ClickHouseWriter::report_refused(size_t host, const InsertAttempt& refused) {
  const int code = refused.error.code;
  metrics_.sent_as_json(code).add();
  const bool of_setting = code == kUnknownSetting || code == kSettingConstraint;
  std::string_view advice =
      "normal for a minute after a change of the table's columns, and for rows that the table does not accept; if it "
      "lasts, see the text";
  if (of_setting && named_setting(refused.error.text) == kTypesConversion) {
    // Without the setting the Native format is not safe.
    hosts_->drop_setting(host, kTypesConversion);
    advice = "this server gets JSONEachRow from now on, because it does not compare the types of an insert's columns";
  }
  if (!refused_.admit(code, clock_.steady_now())) return;
  log_.emit(InsertSentAsJson{hosts_->server(host), settings_.table, code, refused.error.text, advice});
}

// Renews the login once: a command may return another token at each run.
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
    if (failed && drop_unknown_setting(host, result.error)) continue;
    const bool login = failed && !result.maybe_stored && refuses_login(result.error);
    if (login && std::exchange(may_renew, false) && renew_login(control)) continue;
    if (result.error.curl_code != 0) follow_certificates(true);
    return result;
  }
}

// The server refused the login. True: there is another one, and it is not too late to repeat the insert.
bool ClickHouseWriter::renew_login(const WriteControl& control) {
  const bool other_certificate = follow_certificates(true);
  const bool renewed = login_.renew(control.stop) || other_certificate;
  return renewed && clock_.since_boot() <= control.not_after;
}

// A connection keeps the certificates that it was opened with.
bool ClickHouseWriter::follow_certificates(bool at_once) {
  if (!login_.certificates_changed(at_once)) return false;
  client_ = http::Client(client_options_);
  return true;
}

// Opens a new connection if the connection options or the certificates have changed.
http::Request ClickHouseWriter::request_for(size_t host, const EncodedInsert& insert, std::string_view token) {
  follow_certificates(false);
  if (const http::ClientOptions wanted = requests_->client_options(); wanted != client_options_) {
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
                                           std::unique_ptr<RequestBuilder> requests, secrets::SecretStore* secrets,
                                           std::shared_ptr<TablePropertiesCache> table,
                                           std::optional<PositionColumns> positions,
                                           std::shared_ptr<BodyBuffers> buffers) {
  if (requests == nullptr) requests = make_plain_request_builder(settings);
  return std::make_unique<ClickHouseWriter>(settings, std::move(hosts), clock, log, metrics, std::move(requests),
                                            secrets, std::move(table), std::move(positions), std::move(buffers));
}

}  // namespace freshet::clickhouse
