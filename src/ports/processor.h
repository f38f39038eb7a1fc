// The interface of a data set: one message becomes rows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/message.h"
#include "model/rows.h"

namespace freshet {

constexpr int64_t kNoTimestamp = INT64_MIN;

// What became of one message. Costs no allocation unless it is invalid or a record.
struct ProcessResult {
  enum class Kind {
    Rows,     // `row_count` rows were appended (0 is allowed: the message is finished without a row)
    Skip,     // finished by rule, no row; counted under `code`
    Invalid,  // to the dead-letter topic with `code` and `text`
    Record,   // `key` and `text` (the value) go to a topic beside the table; `code` says what it is
  };
  Kind kind = Kind::Rows;
  uint32_t row_count = 0;
  bool rows_are_payload = false;  // exactly the payload and one line feed were appended
  const char* code = "";          // static storage; few distinct values, it becomes a metric label
  std::string text;
  std::string key;
  // Facts for metrics and observers of batches; only with Kind::Rows (and origin also with Record and Skip).
  int64_t origin_timestamp_ms = kNoTimestamp;    // when the event began its life, milliseconds since 1970 UTC
  int64_t received_timestamp_ms = kNoTimestamp;  // when the first system took it in
  std::string_view usage_label;                  // payload bytes are summed by it; empty = not; valid until the next
                                                 // process()
  const char* type_label = "";                   // messages and payload bytes are counted by it; static storage
  bool suppressed = false;                       // Invalid, but by a rule that expects it: no counter, no error log

  static ProcessResult rows(uint32_t count, bool are_payload = false) {
    ProcessResult v;
    v.row_count = count;
    v.rows_are_payload = are_payload;
    return v;
  }
  static ProcessResult skip(const char* code) {
    ProcessResult v;
    v.kind = Kind::Skip;
    v.code = code;
    return v;
  }
  static ProcessResult invalid(const char* code, std::string text) {
    ProcessResult v;
    v.kind = Kind::Invalid;
    v.code = code;
    v.text = std::move(text);
    return v;
  }
};

// What surrounds a message.
struct MessageContext {
  std::string_view topic;
  Partition partition;
};

// Threads: an instance belongs to one worker; ProcessorFactory makes one per worker. Holds its own scratch memory.
class Processor {
 public:
  virtual ~Processor() = default;
  // Of the rows that process() appends; constant from one begin_chunk() to the next.
  virtual const RowLayout& layout() const = 0;
  // Called before the messages of a chunk: where live options are read anew, and where a processor that works on many
  // messages at a time does so.
  virtual void begin_chunk(const MessageContext& context, std::span<const Message> messages) {
    (void)context;
    (void)messages;
  }
  // The stream ends: what waits gives up. Threads: any.
  virtual void interrupt() noexcept {}
  // Appends the message's rows to `rows` (never touches what is already there). What an Invalid or Skip result leaves
  // behind the old end is cut off by the caller. Never throws on any input.
  virtual ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) = 0;
};

using ProcessorFactory = std::function<std::unique_ptr<Processor>()>;

}  // namespace freshet
