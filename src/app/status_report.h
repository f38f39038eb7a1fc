// The process's report about itself: health, readiness, and the fields of /status. Texts are masked.
#pragma once

#include <optional>
#include <vector>

#include "admin/endpoints.h"
#include "admin/health.h"
#include "admin/history.h"
#include "app/consumer_runtime.h"
#include "app/delivery_decision.h"
#include "app/format_decision.h"
#include "app/pipeline_runtime.h"
#include "app/telemetry_stack.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "model/status.h"
#include "runtime_config/table.h"
#include "settings/settings.h"
#include "telemetry/assigned_partitions.h"

namespace freshet::app {

// Threads: any, except file_health(). The references must outlive the report.
class StatusReport {
 public:
  // `effective`: the settings as they were given.
  StatusReport(const settings::Settings& settings, std::vector<settings::EffectiveValue> effective, Clock& clock,
               TelemetryStack& telemetry, PipelineRuntime& pipeline, ConsumerRuntime& consumers,
               const DeliveryDecision& delivery, const FormatDecision& format);

  admin::HealthStatus health() const;
  // Health for the health file, which may also check progress. Called by the health file's thread only.
  admin::HealthStatus file_health();
  admin::HealthStatus ready();
  StreamStatus stream() const;
  ConsumerStatus consumer() const;
  DeliveryStatus delivery() const;
  InsertFormatStatus insert_format() const;
  std::optional<RenewalReport> last_renewal() const { return consumer().last_renewal; }
  admin::ProcessStatus process();
  telemetry::AssignedPartitions assigned_partitions() const;
  std::vector<DeadLetterNote> dead_letters() const;
  admin::SettingsStatus settings_status() const;
  admin::HistoryReading history_reading() const;

 private:
  runtime_config::OptionScope scope() const;

  const settings::Settings& settings_;
  const std::vector<settings::EffectiveValue> effective_;
  Clock& clock_;
  TelemetryStack& telemetry_;
  PipelineRuntime& pipeline_;
  ConsumerRuntime& consumers_;
  const DeliveryDecision& delivery_;
  const FormatDecision& format_;
  const SteadyTime started_;
  admin::Progress progress_;
  Mutex ready_mutex_;
  admin::Readiness readiness_ GUARDED_BY(ready_mutex_);
};

// Masks what servers may have quoted in the findings.
DeliveryStatus masked(DeliveryStatus status, SecretMask& secrets);

// The data and actions of the admin server, which the references must outlive.
admin::AdminSources admin_sources(StatusReport& report, const admin::History& history, ConsumerRuntime& consumers,
                                  TelemetryStack& telemetry);

}  // namespace freshet::app
