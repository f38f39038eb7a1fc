// What the stream needs to know; filled by settings. What may change while it runs is in model/options.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_budget.h"

namespace freshet::stream {

// What becomes of a message that cannot become rows when there is no dead-letter topic.
enum class OnInvalid { Block, Drop };

// Messages whose header `name` says something else than `value` are skipped before they are processed. A header without
// a value says nothing.
struct HeaderFilter {
  std::string name;
  std::string value;
  std::vector<std::string> known = {};  // other values say nothing either; empty = every value says something
};

// Headers that a dead-letter record gets behind its own (stream/dlq_record.cc). Position: partition and offset.
// Provenance: also topic, timestamp, reason and consumer group.
enum class DlqHeaders { Position, Provenance };

// Validation against a schema. Without a schema of that name: refused at the start when enforced, else
// said once.
struct SchemaSettings {
  std::string dir;            // <dir>/<logical topic>.schema.json or .proto; empty = no validation
  std::string logical_topic;  // the name of the schema
  bool enforce = false;       // failures become invalid messages; else a sample is validated and failures counted
  double sample_rate = 0.01;  // share of messages that is validated when not enforced, 0..1
};

// Where batches go.
struct Destination {
  std::string system = "ClickHouse";  // for people: what does not take a batch
  std::string content = "rows";       // what fills the memory: label `by` of freshet_backpressure_pauses_total
  bool rejects_rows = true;           // it may reject single rows, which become dead-letter records
};

struct StreamSettings {
  std::string topic;
  std::string table;
  std::string consumer_group;
  uint32_t concurrency = 1;                     // processing workers, 1..256
  uint32_t max_writers = 64;                    // upper bound of LiveOptions::clickhouse_concurrency
  uint64_t memory_limit = kDefaultMemoryLimit;  // bytes in flight, >= 16 MiB; pauses above, resumes below half
  // How long a drain may take.
  std::chrono::milliseconds drain_timeout{8000};
  // From a batch's sealing until it is stored, with all retries: beyond, it is overdue. It is never given up; hosts
  // that only ask for patience are left for the next one from then on, and readiness, metrics and log say so. 0 =
  // never.
  std::chrono::milliseconds batch_deadline{300'000};
  std::chrono::milliseconds commit_interval{1000};  // at most one commit per interval, also one at each drain
  OnInvalid on_invalid = OnInvalid::Block;
  DlqHeaders dlq_headers = DlqHeaders::Provenance;
  bool skip_write = false;  // consume, process and commit; write nothing anywhere
  Destination destination;
  SchemaSettings schema;
  std::optional<HeaderFilter> pre_filter;
  bool dead_letters_by_age = false;             // as LiveOptions::dead_letters_by_age says
  std::optional<int64_t> stop_at_timestamp_ms;  // broker timestamps, milliseconds since 1970 UTC
};

}  // namespace freshet::stream
