// What a chunk of messages became.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/dead_letter.h"
#include "model/ids.h"

namespace freshet {

enum class RowFormat { JsonEachRow, RowBinary, Native };

// ClickHouse's name of the format.
std::string_view to_string(RowFormat format);

// How rows are written down; the same for every row of a processor's life.
struct RowLayout {
  RowFormat format = RowFormat::JsonEachRow;
  std::vector<std::string> columns;  // column list of the INSERT; empty = none (names are in the rows)
};

// One message that became rows. What a dead letter would need of it is kept beside the rows (see stream/kept.h), so
// that the library's memory is free as soon as the message is processed.
struct MessageRows {
  Offset offset;
  int64_t timestamp_ms = -1;
  uint64_t rows_begin = 0;  // byte range in ProcessedChunk::rows
  uint64_t rows_size = 0;
  uint32_t row_count = 0;
  uint32_t kept_size = 0;
  uint64_t kept_begin = 0;        // byte range in ProcessedChunk::kept
  bool rows_are_payload = false;  // the row bytes are the payload and one line feed
};

// An inclusive range of offsets of one partition.
struct OffsetRange {
  Offset first;
  Offset last;
  auto operator<=>(const OffsetRange&) const = default;
};

struct ProcessedChunk {
  Partition partition;
  Epoch epoch;
  uint64_t sequence = 0;  // order of chunks within (partition, epoch), from 0
  OffsetRange offsets;    // first and last message of the chunk
  std::string rows;       // the rows of all messages, in message order
  uint64_t row_count = 0;
  std::string kept;
  std::vector<MessageRows> messages;  // those that became rows, ascending offsets
  std::vector<DeadLetter> invalid;    // those that did not, ascending offsets
  std::vector<OffsetRange> skipped;   // skipped by rule; ascending, closes at once
  uint64_t skipped_count = 0;
};

}  // namespace freshet
