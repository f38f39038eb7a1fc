// Port to the destination of rows, such as ClickHouse: inserts rows atomically.
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
#include "base/result.h"
#include "model/rows.h"
#include "ports/row_counts.h"

namespace freshet {

// One INSERT. The views must live until write() returns.
struct InsertRequest {
  const RowLayout* layout = nullptr;
  std::vector<std::string_view> rows;  // pieces of one or more rows, in order
  // Of each of `rows`; empty: all have `layout`. Otherwise `layout` is JSONEachRow without a column list, and the rows
  // are of layouts that fit_one_insert() with it.
  std::vector<const RowLayout*> layouts;
  uint64_t row_count = 0;
  uint64_t row_bytes = 0;
  std::string_view token;  // insert_deduplication_token
  // It has several messages, so smaller inserts are possible. An indivisible insert is retried if the server is only
  // temporarily short of memory or time.
  bool divisible = true;
  bool without_fields = false;  // the operator wants the rows although none of their fields is a column
  bool sent_before = false;     // maybe, by another write() or another process; the token is the same
  // Its messages, if write() shall count their rows in the table where success may not mean that they are stored.
  // Empty: it reports such an insert.
  std::function<InsertMessages()> messages{};
};

// A failed attempt that will be retried. `Overload`: the server asks for fewer inserts (code 252, too many parts).
struct InsertFailure {
  enum class Class { Transient, Overload, Operator };
  Class failure_class = Class::Transient;
  int code = 0;          // ClickHouse's exception code; 0 = none (network, timeout)
  std::string text;      // the server's message; for Operator also what to do
  uint32_t attempt = 1;  // from 1
  bool blocked = false;  // the batch waits for an operator; the receiver must log that
};

struct WriteOutcome {
  enum class Kind {
    Written,    // acknowledged by ClickHouse itself: status 200, its own header, no exception, empty body
    Rejected,   // the data is invalid; nothing was stored
    Abandoned,  // a stop was requested; whether the rows were stored is unknown
    // The insert exceeds a size limit of the server or of a proxy before it. Nothing was stored; smaller inserts of the
    // same rows may succeed.
    TooLarge,
    // The server returned an error although the table has, or may have, the rows: for example, a materialized view
    // failed after the table took them. A retry may store them twice, without deduplication. Do not halve or retry the
    // insert: an operator decides.
    MaybeStored,
    // No field of the rows is a column of the table, so the server would store rows of defaults. Nothing was sent. Only
    // checked for the first insert into a table.
    NoFields,
    // WriteControl::not_after passed before the next attempt. Whether the rows are stored is unknown.
    Expired,
  };
  Kind kind = Kind::Written;
  int code = 0;
  std::string text;
  std::optional<uint64_t> row;  // Rejected: index of the offending row, if the server named one
  std::string reason{};         // MaybeStored, TooLarge: why there is no retry and what to do; no server text
  // An earlier attempt of the same write() had an unknown end, so its rows may be stored.
  bool maybe_stored_before = false;
  bool always_refused = false;  // TooLarge: the server refuses these bytes at any time, so it never stored them
  bool exceeds_size = false;    // MaybeStored: the insert also exceeded a size limit; send smaller ones
  // Written: the table has no row of these messages, and no repeat with the same token will store one.
  std::vector<Offset> missing{};
};

struct WriteControl {
  std::stop_token stop;                                  // ends write() promptly, even within a request
  std::function<void(const InsertFailure&)> on_failure;  // called by write() before each back-off
  // From then on the writer leaves an overloaded host (InsertFailure::Class::Overload) for the next one, as it does on
  // other failures.
  SteadyTime overdue_at = SteadyTime::max();
  // Clock::since_boot() after which no attempt begins.
  Duration not_after = Duration::max();
  // The writer charges what it holds beside the rows from this; null = it is not counted.
  Reservation* room = nullptr;
};

// Threads: one instance per writer thread.
class RowWriter {
 public:
  virtual ~RowWriter() = default;
  // Blocks until the rows are acknowledged, rejected or too large, may be stored without an acknowledgement, or a stop
  // is requested. Transient and operator errors are retried indefinitely with the same bytes and token, with capped
  // exponential back-off and jitter. Never throws.
  virtual WriteOutcome write(const InsertRequest& request, const WriteControl& control) = 0;
  // The messages of which the table has no row, ascending. Error: that cannot be told; the text says why. Blocks, and
  // repeats failed queries for about half a minute, unless a stop is requested.
  virtual Result<std::vector<Offset>> missing(const InsertMessages& /*messages*/, const WriteControl& /*control*/) {
    return failure(ErrorKind::Fatal, "the destination cannot be asked for rows by partition and offset");
  }
  // No batch has come for a while: frees memory that was kept for the next one.
  virtual void release_memory() noexcept {}
};

using RowWriterFactory = std::function<std::unique_ptr<RowWriter>()>;

}  // namespace freshet
