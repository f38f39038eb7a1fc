// The part of /status about the delivery.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace freshet {

// What an audit of the table found (clickhouse/delivery_audit.h).
struct DeliveryFinding {
  std::string severity;   // "error": a repeated insert may be stored again; "warning", "info"
  std::string subject;    // table, setting or host
  std::string text;       // what is missing and why
  std::string statement;  // fixes it; empty = see `text`
};

template <typename Status, typename Visit>
requires std::is_same_v<std::remove_const_t<Status>, DeliveryFinding>
void for_each_field(Status& status, Visit visit) {
  visit("severity", status.severity);
  visit("subject", status.subject);
  visit("text", status.text);
  visit("statement", status.statement);
}

// Which delivery is in force, and why.
struct DeliveryStatus {
  std::string mode;        // "exactly-once", "at-least-once"; empty = not decided yet
  std::string configured;  // as `mode`, or "auto"
  std::string reason;
  bool suitable = false;  // the table stored a repeated insert once at the last audit
  // How long it does so at the present number of inserts; none = no limit was measured.
  std::optional<double> horizon_seconds;
  std::vector<DeliveryFinding> findings;  // of the last audit
};

template <typename Status, typename Visit>
requires std::is_same_v<std::remove_const_t<Status>, DeliveryStatus>
void for_each_field(Status& status, Visit visit) {
  visit("mode", status.mode);
  visit("configured", status.configured);
  visit("reason", status.reason);
  visit("suitable", status.suitable);
  visit("horizon_seconds", status.horizon_seconds);
  visit("findings", status.findings);
}

}  // namespace freshet
