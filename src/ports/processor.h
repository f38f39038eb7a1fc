// The interface of a data set: turns a message into rows.
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

// The result of one message. Allocates nothing unless it is Invalid or Record.
struct ProcessResult {
  enum class Kind {
    Rows,     // `row_count` rows were appended; 0 = the message is finished without a row
    Skip,     // finished by a rule, without a row; counted under `code`
    Invalid,  // goes to the dead-letter topic, with `code` and `text`
    Record,   // goes to a side topic: `key`, and `text` as the value; `code` names its kind
  };
  Kind kind = Kind::Rows;
  uint32_t row_count = 0;
  bool rows_are_payload = false;  // exactly the payload and a line feed were appended
  bool json_each_row = false;     // the rows are JSONEachRow, whatever layout() says; for a layout with column types
  const char* code = "";          // static storage; a metric label, so use few distinct values
  std::string text;
  std::string key;
  // For metrics and batch observers; only with Kind::Rows (the origin time also with Record and Skip).
  int64_t origin_timestamp_ms = kNoTimestamp;    // when the event occurred, milliseconds since 1970 UTC
  int64_t received_timestamp_ms = kNoTimestamp;  // when the first system received it
  std::string_view usage_label;                  // sums payload bytes; empty = none; valid until the next process()
  const char* type_label = "";                   // counts messages and payload bytes; static storage
  bool suppressed = false;                       // Invalid by an expected rule: not counted or logged as an error

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

// Where a message comes from.
struct MessageContext {
  std::string_view topic;
  Partition partition;
};

// Threads: an instance belongs to one worker; ProcessorFactory makes one per worker. Owns its scratch memory.
class Processor {
 public:
  virtual ~Processor() = default;
  // The layout of the rows that process() appends; constant from one begin_chunk() to the next.
  virtual const RowLayout& layout() const = 0;
  // Why layout() is not Native. For people; changes in begin_chunk() only.
  virtual std::string_view why_json() const { return "the processor writes only JSONEachRow"; }
  // Called before the messages of a chunk. A processor reads live options here, and may process all messages at once.
  virtual void begin_chunk(const MessageContext& context, std::span<const Message> messages) {
    (void)context;
    (void)messages;
  }
  // The stream ends: a waiting call must return. Threads: any.
  virtual void interrupt() noexcept {}
  // Appends the message's rows to `rows` and never changes what is already there. After Invalid or Skip the caller
  // removes what was appended. Never throws, whatever the input.
  virtual ProcessResult process(const MessageContext& context, const Message& message, std::string& rows) = 0;
};

using ProcessorFactory = std::function<std::unique_ptr<Processor>()>;

}  // namespace freshet
