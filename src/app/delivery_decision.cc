#include "app/delivery_decision.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "app/app_events.h"
#include "base/threads.h"

namespace freshet::app {
namespace {

using clickhouse::DeliveryAudit;
using clickhouse::Finding;
using clickhouse::Severity;
using settings::DeliveryChoice;

constexpr Duration kFirstTimeout = std::chrono::seconds(5);   // nobody answers health checks meanwhile
constexpr Duration kAuditTimeout = std::chrono::seconds(60);  // a server with much to do is slow
// While the pipeline waits for the table.
constexpr Duration kUntilNextAudit = std::chrono::seconds(5);
constexpr Duration kUntilNextAttempt = std::chrono::seconds(2);  // no server answered
constexpr Duration kLogAgainAfter = std::chrono::minutes(1);

const char* to_string(DeliveryChoice choice) {
  switch (choice) {
    case DeliveryChoice::AtLeastOnce:
      return "at-least-once";
    case DeliveryChoice::ExactlyOnce:
      return "exactly-once";
    case DeliveryChoice::Auto:
      return "auto";
  }
  return "";
}

std::string finding_text(const Finding& finding) {
  return fmt::format("{}: {}{}{}", finding.subject, finding.text, finding.statement.empty() ? "" : ": ",
                     finding.statement);
}

// The first finding is an error if there is one.
std::string first_error(const DeliveryAudit& audit) {
  return audit.findings.empty() ? std::string() : finding_text(audit.findings.front());
}

std::vector<std::string> subjects_of_errors(const DeliveryAudit& audit) {
  std::vector<std::string> out;
  for (const Finding& finding : audit.findings) {
    if (finding.severity == Severity::Error) out.push_back(finding.subject + "\n" + finding.statement);
  }
  return out;
}

}  // namespace

const char* to_string(Delivery delivery) {
  return delivery == Delivery::ExactlyOnce ? "exactly-once" : "at-least-once";
}

DeliveryDecision::DeliveryDecision(const settings::Pipeline& pipeline, Clock& clock, Log& log, Metrics& metrics,
                                   secrets::SecretStore* secrets)
    : choice_(pipeline.delivery),
      has_table_(!pipeline.stream.skip_write && !pipeline.accepted_outcomes),
      table_(pipeline.clickhouse.table),
      clock_(clock),
      log_(log),
      metrics_(metrics),
      check_(pipeline, pipeline.delivery == DeliveryChoice::AtLeastOnce ? Delivery::AtLeastOnce : Delivery::ExactlyOnce,
             clock, log, secrets) {
  MutexLock lock(mutex_);
  status_.configured = to_string(choice_);
}

Result<Delivery> DeliveryDecision::decide(const std::function<Status()>& before_each_wait,
                                          const std::stop_token& stop) {
  if (choice_ == DeliveryChoice::AtLeastOnce) return set(Delivery::AtLeastOnce, "it is configured");
  if (!has_table_) {
    constexpr const char* kNoTable = "rows do not go to a ClickHouse table";
    if (choice_ == DeliveryChoice::ExactlyOnce) log_.emit(DeliveryFallback{table_, kNoTable, ""});
    return set(Delivery::AtLeastOnce, kNoTable);
  }
  Duration timeout = kFirstTimeout;
  Duration pause{};
  LastLogged logged;
  do {
    const auto audit = check_.audit(timeout, stop);
    if (stop.stop_requested()) break;
    if (audit) {
      record(*audit);
      if (const auto decided = decide_by(*audit)) return *decided;
    }
    say_why_it_waits(audit, logged);
    timeout = kAuditTimeout;
    pause = audit ? kUntilNextAudit : kUntilNextAttempt;
    if (const Status ready = before_each_wait(); !ready) return tl::make_unexpected(ready.error());
  } while (sleep_interruptibly(clock_, stop, pause));
  return failure(ErrorKind::Stopping, "stopping");
}

void DeliveryDecision::say_why_it_waits(const Result<DeliveryAudit>& audit, LastLogged& logged) {
  const std::string why = audit ? "the table cannot take exactly-once inserts: " + first_error(*audit)
                                : "the table cannot be audited: " + audit.error().text;
  set_reason("freshet waits: " + why);
  // Without measured values and durations, which differ each time.
  const std::string what =
      audit ? fmt::format("{}", fmt::join(known_errors_, "\n")) : std::to_string(audit.error().code);
  if (what == logged.what && clock_.steady_now() - logged.at < kLogAgainAfter) return;
  logged = {what, clock_.steady_now()};
  audit ? log_errors<DeliveryWaits>(*audit) : log_.emit(DeliveryNotAudited{table_, audit.error().text});
}

std::optional<Delivery> DeliveryDecision::decide_by(const DeliveryAudit& audit) {
  if (audit.suitable) {
    const char* why = "the table stores a repeated insert once";
    log_.emit(DeliveryDecided{to_string(Delivery::ExactlyOnce), table_, why});
    return set(Delivery::ExactlyOnce, why);
  }
  if (choice_ != DeliveryChoice::Auto) return std::nullopt;
  log_fallback(audit);
  return set(Delivery::AtLeastOnce, "the table cannot take exactly-once inserts: " + first_error(audit));
}

// One event: why delivery is at least once, and what to run so that the next start has exactly once.
void DeliveryDecision::log_fallback(const DeliveryAudit& audit) {
  std::string why;
  std::string statements;
  size_t errors = 0;
  for (const Finding& finding : audit.findings) {
    if (finding.severity != Severity::Error) continue;
    if (errors++ == 0) why = fmt::format("{}: {}", finding.subject, finding.text);
    if (finding.statement.empty() || statements.find(finding.statement) != std::string::npos) continue;
    statements += (statements.empty() ? "" : "; ") + finding.statement;
  }
  if (errors > 1) why += fmt::format(" (`freshet check` says {} more)", errors - 1);
  log_.emit(DeliveryFallback{table_, why, statements});
}

Delivery DeliveryDecision::set(Delivery delivery, const std::string& reason) {
  in_force_ = delivery;
  MutexLock lock(mutex_);
  status_.mode = to_string(delivery);
  status_.reason = reason;
  metrics_.exactly_once.set(delivery == Delivery::ExactlyOnce ? 1 : 0);
  return delivery;
}

void DeliveryDecision::set_reason(const std::string& reason) {
  MutexLock lock(mutex_);
  status_.reason = reason;
}

void DeliveryDecision::record(const DeliveryAudit& audit) {
  known_errors_ = subjects_of_errors(audit);
  MutexLock lock(mutex_);
  status_.suitable = audit.suitable;
  status_.horizon_seconds = audit.horizon ? std::optional(audit.horizon->count()) : std::nullopt;
  status_.findings.clear();
  for (const Finding& one : audit.findings) {
    status_.findings.push_back({clickhouse::to_string(one.severity), one.subject, one.text, one.statement});
  }
  metrics_.horizon_seconds.set(status_.horizon_seconds.value_or(0));
}

template <typename Event>
void DeliveryDecision::log_errors(const DeliveryAudit& audit) {
  for (const Finding& one : audit.findings) {
    if (one.severity == Severity::Error) log_.emit(Event{table_, one.subject, one.text, one.statement});
  }
}

void DeliveryDecision::audit_again(const std::stop_token& stop) {
  if (!has_table_) return;
  const auto audit = check_.audit(kAuditTimeout, stop);
  if (!audit || audit->undecided) return;  // what does not answer is reported by those that need it
  const bool was_suitable = status().suitable;
  const bool same_findings = subjects_of_errors(*audit) == known_errors_;
  record(*audit);
  report_change(*audit, was_suitable, same_findings);
}

void DeliveryDecision::report_change(const DeliveryAudit& audit, bool was_suitable, bool same_findings) {
  if (choice_ == DeliveryChoice::AtLeastOnce) {
    if (!same_findings) log_errors<RepeatsStored>(audit);
    return;
  }
  const bool exactly_once = in_force_ == Delivery::ExactlyOnce;
  if (exactly_once) metrics_.exactly_once.set(audit.suitable ? 1 : 0);
  if (!audit.suitable) {
    if (exactly_once && !same_findings) log_errors<DeliveryNotKept>(audit);
    set_reason(exactly_once ? "the table changed, and a repeated insert may be stored twice: " + first_error(audit)
                            : "the table cannot take exactly-once inserts: " + first_error(audit));
    return;
  }
  if (was_suitable) return;
  log_.emit(DeliveryPossible{table_, to_string(*in_force_)});
  set_reason(exactly_once ? "the table stores a repeated insert once"
                          : "the table could not take exactly-once inserts when freshet started; it can now: "
                            "restart freshet");
}

DeliveryStatus DeliveryDecision::status() const {
  MutexLock lock(mutex_);
  return status_;
}

}  // namespace freshet::app
