// The result of processing a chunk of messages.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/city_hash.h"
#include "base/clock.h"
#include "model/dead_letter_record.h"
#include "model/ids.h"
#include "model/message.h"

namespace freshet {

enum class RowFormat { JsonEachRow, RowBinary, Native };

// The name of the format in ClickHouse.
std::string_view to_string(RowFormat format);

// How rows are encoded; the same for every row of a chunk, but see MessageRows::json_each_row.
struct RowLayout {
  RowFormat format = RowFormat::JsonEachRow;
  std::vector<std::string> columns;  // column list of the INSERT; empty = none (rows contain the names)
  // Native: the types of `columns`, as DESCRIBE TABLE writes them. The rows are RowBinary of exactly these types; the
  // writer turns the rows of an insert into columns.
  std::vector<std::string> types{};
  bool operator==(const RowLayout&) const = default;
};

// JSONEachRow without a column list.
std::shared_ptr<const RowLayout> plain_layout();
// Rows of both can be sent in one insert: as they are, or as JSONEachRow without a column list, which typed rows can be
// turned into.
bool fit_one_insert(const RowLayout& one, const RowLayout& other);

// A message that became rows. What its dead-letter record would need is encoded beside the rows (stream/dlq_context.h),
// so that the client library's memory is free once the message is processed.
struct MessageRows {
  Offset offset;
  int64_t timestamp_ms = -1;
  uint64_t rows_begin = 0;  // byte range in ProcessedChunk::rows
  uint64_t rows_size = 0;
  uint32_t row_count = 0;
  uint32_t dlq_context_size = 0;
  uint64_t dlq_context_begin = 0;  // byte range in ProcessedChunk::dlq_contexts
  bool rows_are_payload = false;   // the row bytes are the payload and one line feed
  bool json_each_row = false;      // the rows are JSONEachRow, whatever ProcessedChunk::layout says
  uint32_t message_hash = 0;       // stream/insert_token.h; 0 = not needed
};

// An inclusive range of offsets of one partition.
struct OffsetRange {
  Offset first;
  Offset last;
  auto operator<=>(const OffsetRange&) const = default;
};

// A message that becomes a record of a side topic. Its offset is finished once the broker has the record.
struct SideRecord {
  Offset offset;
  std::string key;
  std::string value;
};

// Aggregates message timestamps for latency metrics.
struct TimestampSummary {
  uint64_t count = 0;
  double sum_ms = 0;
  int64_t min_ms = 0;  // undefined if count is 0

  void add(int64_t timestamp_ms) {
    if (count == 0 || timestamp_ms < min_ms) min_ms = timestamp_ms;
    sum_ms += static_cast<double>(timestamp_ms);
    ++count;
  }
  // Ages in seconds at `now`, at least 0; undefined if count is 0.
  double mean_age_seconds(SystemTime now) const { return age(sum_ms / static_cast<double>(count), now); }
  double max_age_seconds(SystemTime now) const { return age(static_cast<double>(min_ms), now); }

  void merge(const TimestampSummary& other) {
    if (other.count > 0 && (count == 0 || other.min_ms < min_ms)) min_ms = other.min_ms;
    sum_ms += other.sum_ms;
    count += other.count;
  }

 private:
  static double age(double timestamp_ms, SystemTime now) {
    const double now_ms = std::chrono::duration<double, std::milli>(now.time_since_epoch()).count();
    return std::max(0.0, now_ms - timestamp_ms) / 1000;
  }
};

// Payload bytes of the messages with one usage label.
struct UsageBytes {
  std::string label;
  uint64_t bytes;
};

// Totals of the messages with one type label.
struct TypeTotals {
  const char* label;  // static storage
  uint64_t count;
  uint64_t bytes;
};

// Statistics of the chunk's messages, with and without rows, for metrics and batch observers. Reported once they are
// stored.
struct ChunkStats {
  std::vector<int64_t> origin_timestamps_ms;  // of each message; only if OffsetGate::Needs::skipped_messages
  TimestampSummary broker;
  TimestampSummary origin;
  TimestampSummary received;
  std::vector<UsageBytes> usage;  // each label once
  std::vector<TypeTotals> types;  // each label once
};

struct ProcessedChunk {
  Partition partition;
  AssignmentId assignment;
  uint64_t sequence = 0;       // ascending with the offsets within (partition, assignment)
  OffsetRange offsets;         // first and last message of the chunk
  bool rest_follows = false;   // a piece of a delivered chunk: the messages after it follow
  uint64_t message_bytes = 0;  // its share of MessageChunk::bytes
  std::shared_ptr<const RowLayout> layout = plain_layout();
  std::string rows;  // the rows of all messages, in message order
  uint64_t row_count = 0;
  uint64_t json_messages = 0;  // messages with MessageRows::json_each_row
  Hash128 digest;              // of `messages` and their rows, for the insert token (stream/insert_token.h)
  uint32_t message_hash = 0;   // the sum of MessageRows::message_hash
  std::string dlq_contexts;
  std::vector<Message> dlq_messages;  // large messages, kept whole instead of in `dlq_contexts`; ascending offsets
  std::vector<MessageRows> messages;  // messages with rows, ascending offsets
  std::vector<std::shared_ptr<const DeadLetterRecord>> invalid;  // ascending offsets
  std::vector<SideRecord> side_records;                          // ascending offsets
  std::vector<OffsetRange> skipped;  // by a rule, ascending; finished at once unless covered
  uint64_t skipped_count = 0;
  // Finished together with the batch: from the first to the last message with rows, or also those without rows if the
  // offset gate needs them. nullopt: the chunk needs no batch.
  std::optional<OffsetRange> covered;
  int64_t covered_timestamp_ms = -1;  // broker timestamp of the last covered message
  ChunkStats stats;
  Charge charge;  // for held_bytes()

  // Memory of the chunk; dead-letter records have their own charge.
  uint64_t held_bytes() const;
};

}  // namespace freshet
