// Which delivery a pipeline gets, and whether its table still permits it.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "app/app_metrics.h"
#include "app/delivery_check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/result.h"
#include "model/delivery.h"
#include "model/delivery_status.h"
#include "secrets/secret_store.h"
#include "settings/settings.h"

namespace freshet::app {

const char* to_string(Delivery delivery);  // as the values of --delivery

// Threads: decide() first, by one thread; then audit_again() by one thread; status() by any.
class DeliveryDecision {
 public:
  // The references must outlive the object.
  DeliveryDecision(const settings::Pipeline& pipeline, Clock& clock, Log& log, Metrics& metrics,
                   secrets::SecretStore* secrets);

  // Decides at once where nothing depends on the table: at least once is configured, or rows do not go to a table.
  // Otherwise audits the table until it is clear what it permits: with --delivery auto, until the audit has a result;
  // with exactly-once, until the table is suitable, because an operator can change it meanwhile. The reason of the wait
  // is logged and in status().
  // `before_each_wait` is called before each wait; its error ends the decision.
  // Errors: Stopping if `stop` was requested.
  Result<Delivery> decide(const std::function<Status()>& before_each_wait, const std::stop_token& stop);

  // True if audit_again() should be called once in a while, because the table may change.
  bool depends_on_table() const { return choice_ != settings::DeliveryChoice::AtLeastOnce && has_table_; }
  // Audits the table; logs and reports what changed. The delivery in force stays.
  void audit_again(const std::stop_token& stop);

  DeliveryStatus status() const;

 private:
  struct LastLogged {
    std::string what;
    SteadyTime at{};
  };
  Delivery set(Delivery delivery, const std::string& reason);
  void say_why_it_waits(const Result<clickhouse::DeliveryAudit>& audit, LastLogged& logged);
  std::optional<Delivery> decide_by(const clickhouse::DeliveryAudit& audit);
  void log_fallback(const clickhouse::DeliveryAudit& audit);
  void set_reason(const std::string& reason);
  void record(const clickhouse::DeliveryAudit& audit);
  void report_change(const clickhouse::DeliveryAudit& audit, bool was_suitable, bool same_findings);
  template <typename Event>
  void log_errors(const clickhouse::DeliveryAudit& audit);

  const settings::DeliveryChoice choice_;
  const bool has_table_;
  const std::string table_;
  Clock& clock_;
  Log& log_;
  const DeliveryMetrics metrics_;
  DeliveryCheck check_;
  std::optional<Delivery> in_force_;       // written by decide()
  std::vector<std::string> known_errors_;  // of the last audit, without measured values
  mutable Mutex mutex_;
  DeliveryStatus status_ GUARDED_BY(mutex_);
};

}  // namespace freshet::app
