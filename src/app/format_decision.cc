#include "app/format_decision.h"

#include <fmt/format.h>

#include "app/app_events.h"
#include "app/app_metrics.h"
#include "app/processor_factory.h"

namespace freshet::app {

using settings::InsertFormat;

const char* to_string(InsertFormat format) {
  switch (format) {
    case InsertFormat::Auto:
      return "auto";
    case InsertFormat::Native:
      return "native";
    case InsertFormat::JsonEachRow:
      return "json-each-row";
  }
  return "";
}

FormatDecision::FormatDecision(const settings::Pipeline& pipeline, Clock& clock, Log& log, Metrics& metrics)
    : configured_(pipeline.insert_format),
      has_table_(!pipeline.stream.skip_write && !pipeline.accepted_outcomes),
      topic_(pipeline.kafka.topic),
      table_name_(pipeline.clickhouse.table),
      clock_(clock),
      log_(log),
      metrics_(metrics) {
  {
    MutexLock lock(mutex_);
    status_.configured = to_string(configured_);
    if (!has_table_) status_.reason = "rows do not go to a ClickHouse table";
  }
  if (!has_table_) return;
  reason_ = reason_without_table(pipeline, log);
  depends_on_table_ = reason_.empty();
  report(format_, depends_on_table_ ? "the table is not described yet" : reason_);
}

std::string FormatDecision::reason_without_table(const settings::Pipeline& pipeline, Log& log) {
  if (configured_ == InsertFormat::JsonEachRow) return "it is configured";
  if (runs_python(pipeline.processors)) return "processors in Python write only JSONEachRow";
  const auto factory = processor_factory(pipeline.processors,
                                         {&clock_, &probe_metrics_, nullptr, pipeline.stream.delivery, &table_}, log);
  if (!factory) return factory.error().text;
  probe_ = (*factory)();
  format_ = probe_->layout().format;
  return format_ == RowFormat::RowBinary ? "it is configured" : "";
}

void FormatDecision::begin() {
  if (has_table_ && !depends_on_table_) set(format_, reason_, reason_);
}

void FormatDecision::follow(const Result<TableColumns>& table) {
  if (!depends_on_table_) return;
  if (!table) {
    const Error& error = table.error();
    if (known_ || error.kind == ErrorKind::Stopping) return;
    return set(RowFormat::JsonEachRow, "the table cannot be described: " + error.text,
               fmt::format("not described {}", error.code));
  }
  known_ = true;
  if (*table != *table_.get()) table_.set(*table);
  probe_->begin_chunk({topic_, Partition{0}}, {});
  const RowFormat format = probe_->layout().format;
  const std::string reason(format == RowFormat::Native ? std::string_view() : probe_->why_json());
  set(format, reason, reason);
}

void FormatDecision::set(RowFormat format, std::string reason, const std::string& subject) {
  const std::string now = fmt::format("{} {}", to_string(format), subject);
  if (now == subject_) return;
  subject_ = now;
  report(format, reason);
  if (configured_ == InsertFormat::Native && format != RowFormat::Native) {
    log_.emit(InsertFormatFallback{table_name_, freshet::to_string(format), reason});
  } else {
    log_.emit(InsertFormatDecided{table_name_, freshet::to_string(format), reason});
  }
}

void FormatDecision::report(RowFormat format, const std::string& reason) {
  for (const RowFormat one : {RowFormat::Native, RowFormat::JsonEachRow, RowFormat::RowBinary}) {
    insert_format_in_use(metrics_, freshet::to_string(one)).set(one == format ? 1 : 0);
  }
  MutexLock lock(mutex_);
  status_.format = freshet::to_string(format);
  status_.reason = reason;
}

InsertFormatStatus FormatDecision::status() const {
  MutexLock lock(mutex_);
  return status_;
}

}  // namespace freshet::app
