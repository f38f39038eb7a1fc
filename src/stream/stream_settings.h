// Settings of a stream that do not change while it runs. See model/options.h for those that do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_budget.h"
#include "model/delivery.h"

namespace freshet::stream {

// What to do with a message that cannot become rows when there is no dead-letter topic.
enum class OnInvalid { Block, Drop };

// Skips messages whose header `name` has another value than `value`. A message without the header, or with a header
// without a value, passes.
struct HeaderFilter {
  std::string name;
  std::string value;
  std::vector<std::string> known = {};  // unknown values pass, too; empty = every value is known
};

// Headers added to a dead-letter record (stream/dlq_record.cc). Position: partition and offset. Provenance: also topic,
// timestamp, reason and consumer group.
enum class DlqHeaders { Position, Provenance };

// Validation against a schema. If there is no schema of that name, the start fails with `enforce`, and is logged once
// without.
struct SchemaSettings {
  std::string dir;            // <dir>/<logical topic>.schema.json or .proto; empty = no validation
  std::string logical_topic;  // name of the schema
  bool enforce = false;  // failures become invalid messages; otherwise a sample is validated and failures are counted
  double sample_rate = 0.01;  // share of messages to validate without `enforce`, 0..1
};

// Where batches go.
struct Destination {
  std::string system = "ClickHouse";  // human-readable: the system that stores batches
  std::string content = "rows";       // what fills the memory: label `by` of freshet_backpressure_pauses_total
  bool rejects_rows = true;           // can reject single rows, which become dead-letter records
};

struct StreamSettings {
  std::string topic;
  std::string table;
  std::string consumer_group;
  Delivery delivery = Delivery::AtLeastOnce;
  uint32_t concurrency = 1;                     // processing workers, 1..256
  uint32_t max_writers = 64;                    // upper bound of LiveOptions::clickhouse_concurrency
  uint64_t memory_limit = kDefaultMemoryLimit;  // bytes in flight, >= 16 MiB; pauses above, resumes below half
  // Messages that the stream leaves in the source wait there at no cost. false: take them as they come.
  bool source_keeps_messages = true;
  // If it brings so many bytes within a time, its queue may have been full meanwhile. A full queue does not have to
  // hold messages of every partition.
  uint64_t source_queue_bytes = 1 << 20;
  // Deadline of a drain, see stream/drain.h.
  std::chrono::milliseconds drain_timeout{8000};
  // From the sealing of a batch until it is stored, including retries; 0 = none. An overdue batch is never dropped:
  // readiness, metrics and log report it, and the writer leaves an overloaded host (InsertFailure::Class::Overload) for
  // the next one.
  std::chrono::milliseconds batch_deadline{300'000};
  std::chrono::milliseconds commit_interval{1000};  // at most one commit per interval; a drain commits at once
  double max_inserts_per_second = 10;               // with exactly-once delivery; 0 = no limit
  // From a commit of a plan until its inserts are not sent any more, also counted while the machine is suspended. Then
  // the plan is looked up again: another owner may have finished it, and the table may have forgotten its tokens. An
  // insert begins within half of this; a plan that was committed earlier is committed again first.
  std::chrono::milliseconds planned_inserts_valid{600'000};
  OnInvalid on_invalid = OnInvalid::Block;
  DlqHeaders dlq_headers = DlqHeaders::Provenance;
  bool skip_write = false;  // consume, process and commit, but write nothing
  Destination destination;
  SchemaSettings schema;
  std::optional<HeaderFilter> pre_filter;
  // Enables LiveOptions::dead_letters_by_age. With ExactlyOnce, old messages are counted and become rows.
  bool dead_letters_by_age = false;
  std::optional<int64_t> stop_at_timestamp_ms;  // broker timestamp, milliseconds since 1970 UTC
};

}  // namespace freshet::stream
