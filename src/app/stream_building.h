// Creates what a pipeline's stream consists of: processor, schema, and the destination of rows.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/snapshot.h"
#include "clickhouse/hosts.h"
#include "model/options.h"
#include "model/table_columns.h"
#include "outcomes/outcomes_writer.h"
#include "ports/record_producer.h"
#include "secrets/secret_store.h"
#include "settings/settings.h"
#include "stream/stream.h"

namespace freshet::app {

// References that a stream's dependencies keep; they must outlive the stream.
struct StreamContext {
  const settings::Pipeline& pipeline;
  Clock& clock;
  Log& log;
  Metrics& metrics;
  const Snapshot<LiveOptions>& options;
  const Snapshot<TableColumns>* table = nullptr;       // null: rows are JSONEachRow
  secrets::SecretStore* secrets = nullptr;             // may be null: then no secret is read again
  std::shared_ptr<clickhouse::Hosts> hosts = nullptr;  // of the pipeline's settings, if rows go to a table
};

// For an accepted-outcomes consumer: the producer of its topic, and the producer's results.
struct OutcomesTopic {
  outcomes::OutcomeResults results;
  std::unique_ptr<RecordProducer> producer;  // destroyed before `results`
};

// Fatal: the text says what to change.
Result<stream::StreamDependencies> stream_dependencies(const StreamContext& context, OutcomesTopic& outcomes);

}  // namespace freshet::app
