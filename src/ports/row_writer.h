// Port to ClickHouse: writes one body of rows, whole or not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "model/rows.h"

namespace freshet {

// One INSERT. Views live until write() returns.
struct InsertRequest {
  const RowLayout* layout = nullptr;
  std::vector<std::string_view> rows;  // concatenated they are the body, uncompressed
  uint64_t row_count = 0;
  uint64_t row_bytes = 0;
  std::string_view token;  // insert_deduplication_token
  // More than one message: smaller inserts can be made of it. What is not divisible is tried on where the server is
  // only short of memory or time for the moment.
  bool divisible = true;
  bool without_fields = false;  // an operator wants the rows although none of their fields is a column of the table
};

// A failed attempt that will be repeated. `Overload` is the server asking for fewer inserts (too many parts, 252).
struct InsertFailure {
  enum class Class { Transient, Overload, Operator };
  Class failure_class = Class::Transient;
  int code = 0;          // ClickHouse's exception code; 0 = none (network, timeout)
  std::string text;      // what the server said, and for Operator what to do
  uint32_t attempt = 1;  // from 1
  bool blocked = false;  // the batch waits for an operator; whoever is told has to say so in the log
};

struct WriteOutcome {
  enum class Kind {
    Written,    // acknowledged by ClickHouse itself: status 200, its own header, no exception, no body
    Refused,    // the data is at fault; nothing of the body was stored
    Abandoned,  // `stop` was requested; whether it was stored is unknown
    // An insert of this size exceeds a limit of the server or of what stands before it. Nothing of it was stored;
    // smaller inserts of the same rows may be.
    TooLarge,
    // The server answered with an error after which the table has, or may have, the rows: a materialized view failed
    // after the table took them. A repeat may store them again, and nothing recognises it. Neither halve it nor send it
    // again: a person decides.
    MaybeStored,
    // No field of the rows is a column of the table: the server would store rows of nothing but defaults. Nothing was
    // sent. Said of a table's first insert only.
    NoFields,
  };
  Kind kind = Kind::Written;
  int code = 0;
  std::string text;
  std::optional<uint64_t> row;  // Refused: the offending row, from 0, if the server named one
  std::string reason{};       // MaybeStored, TooLarge: why it is not sent again, and what to do; no words of the server
  bool exceeds_size = false;  // MaybeStored: it is too large, too; what is sent next is to be smaller
};

struct WriteControl {
  std::stop_token stop;                                  // ends write() promptly, also within a request
  std::function<void(const InsertFailure&)> on_failure;  // called in write()'s thread before each back-off
  // From then on a host that only asks for patience (Overload) is left for the next one, as any other that fails is.
  SteadyTime overdue_at = SteadyTime::max();
  // Is charged with what the writer holds beside the rows; may be null.
  std::shared_ptr<ByteBudget> budget{};
};

// Threads: one instance per writer thread.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  // Blocks until the rows are acknowledged, refused as data, too large, perhaps stored without an acknowledgement, or
  // `stop` is requested. Transient and operator errors are retried without end with the same bytes and token, with
  // capped and jittered back-off. Never throws.
  virtual WriteOutcome write(const InsertRequest& request, const WriteControl& control) = 0;
};

using RowWriterFactory = std::function<std::unique_ptr<RowWriter>()>;

}  // namespace freshet
