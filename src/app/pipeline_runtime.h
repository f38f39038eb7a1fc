// The stream of one topic into one table, and its producers. Outlives the Kafka consumers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/stream_building.h"
#include "app/telemetry_stack.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "clickhouse/hosts.h"
#include "model/options.h"
#include "model/table_columns.h"
#include "ports/record_producer.h"
#include "settings/settings.h"
#include "stream/stream.h"

namespace freshet::app {

// Threads: as stream::Stream; set_options() and options() by any.
class PipelineRuntime {
 public:
  // `options`: the initial live options. Fatal: the text says what to change. Throws ThreadRefused. The references must
  // outlive the runtime.
  static Result<std::unique_ptr<PipelineRuntime>> open(const settings::Pipeline& settings, const LiveOptions& options,
                                                       Clock& clock, TelemetryStack& telemetry);

  stream::Stream& stream() { return *stream_; }
  LiveOptions options() const { return *options_.get(); }
  void set_options(const LiveOptions& options);
  // For processors that write rows in the table's types. Without effect if the settings ask for JSONEachRow.
  void set_table(TableColumns table) { table_.set(std::move(table)); }
  // Why typed rows are sent as JSONEachRow at present; empty: they are not.
  std::string why_sent_as_json() const { return hosts_ ? hosts_->why_json() : std::string(); }

 private:
  explicit PipelineRuntime(const LiveOptions& options) : options_(options) {}
  Status open_stream(const settings::Pipeline& settings, Clock& clock, TelemetryStack& telemetry);
  Status open_dead_letters(const settings::Pipeline& settings, TelemetryStack& telemetry);

  // In order of construction: later members use earlier ones and are destroyed first.
  Snapshot<LiveOptions> options_;
  Snapshot<TableColumns> table_{{}};
  std::shared_ptr<clickhouse::Hosts> hosts_;  // null: rows do not go to a table
  OutcomesTopic outcomes_;
  std::unique_ptr<stream::Stream> stream_;
  std::unique_ptr<RecordProducer> dead_letters_;
  std::vector<std::unique_ptr<RecordProducer>> side_topics_;
};

}  // namespace freshet::app
