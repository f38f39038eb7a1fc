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

constexpr Duration kAuditTimeout = std::chrono::seconds(5);
constexpr Duration kUntilNextAudit = std::chrono::seconds(5);  // while the pipeline waits for the table
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
                                   SecretMask* secrets)
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

Result<Delivery> DeliveryDecision::decide(const std::function<Status()>& before_first_wait,
                                          const std::stop_token& stop) {
  if (choice_ == DeliveryChoice::AtLeastOnce) return set(Delivery::AtLeastOnce, "it is configured");
  if (!has_table_) {
    constexpr const char* kNoTable = "rows do not go to a ClickHouse table";
    log_.emit(DeliveryFallback{table_, kNoTable, ""});
    return set(Delivery::AtLeastOnce, kNoTable);
  }
  bool waited = false;
  std::string logged;
  SteadyTime logged_at{};
  do {
    const auto audit = check_.audit(kAuditTimeout, stop);
    if (stop.stop_requested()) break;
    if (audit) {
      record(*audit);
      if (const auto decided = decide_by(*audit)) return *decided;
    }
    const std::string why = audit ? "the table cannot take exactly-once inserts: " + first_error(*audit)
                                  : "the table cannot be audited: " + audit.error().text;
    set_reason("freshet waits: " + why);
    if (why != logged || clock_.steady_now() - logged_at >= kLogAgainAfter) {
      audit ? log_errors<DeliveryWaits>(*audit) : log_.emit(DeliveryNotAudited{table_, audit.error().text});
      logged = why;
      logged_at = clock_.steady_now();
    }
    if (!std::exchange(waited, true)) {
      if (const Status begun = before_first_wait(); !begun) return tl::make_unexpected(begun.error());
    }
  } while (sleep_interruptibly(clock_, stop, kUntilNextAudit));
  return failure(ErrorKind::Stopping, "stopping");
}

std::optional<Delivery> DeliveryDecision::decide_by(const DeliveryAudit& audit) {
  if (audit.suitable) {
    const char* why = "the table stores a repeated insert once";
    log_.emit(DeliveryDecided{to_string(Delivery::ExactlyOnce), table_, why});
    return set(Delivery::ExactlyOnce, why);
  }
  if (choice_ != DeliveryChoice::Auto) return std::nullopt;
  const Finding& error = audit.findings.front();
  log_.emit(DeliveryFallback{table_, fmt::format("{}: {}", error.subject, error.text), error.statement});
  return set(Delivery::AtLeastOnce, "the table cannot take exactly-once inserts: " + finding_text(error));
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
  if (!audit) return;  // what does not answer is reported by those that need it
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
                          : "the table could not take exactly-once inserts when freshet started; it can now: restart");
}

DeliveryStatus DeliveryDecision::status() const {
  MutexLock lock(mutex_);
  return status_;
}

}  // namespace freshet::app
