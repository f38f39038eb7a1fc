// Reads the message of a transaction: decides whether it belongs in the table, and collects the values of its row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/processor.h"
#include "processors/data_sets/transactions/transaction_contexts.h"
#include "processors/data_sets/transactions/transaction_spans.h"
#include "processors/processors_settings.h"
#include "processors/python/python_ids.h"
#include "processors/python/python_json.h"
#include "processors/python/python_numbers.h"
#include "processors/python/python_pairs.h"
#include "processors/python/python_time.h"
#include "processors/values/generated_values.h"

namespace freshet::processors {

// Names and numbers: measurements, breakdowns.
struct TransactionValues {
  bool present = false;
  std::vector<PythonMember> members;  // ascending by name
  std::vector<double> numbers;        // of the members
};

// The values of a row, which point into the message's text; null: absent. The memory is reused for the next message.
struct Transaction {
  Uuid event_id;
  Uuid trace_id;
  HexInteger span_id;
  Retention retention;
  const PythonValue* project_id = nullptr;
  const PythonValue* op = nullptr;  // of the trace; if this or one of the next two is falsy, the column is empty
  const PythonValue* name = nullptr;
  const PythonValue* source = nullptr;
  const PythonValue* platform = nullptr;
  const PythonValue* group_ids = nullptr;  // null: none
  uint8_t status = 0;
  int64_t start = 0;  // microseconds since 1970, like finish
  int64_t finish = 0;
  int64_t duration_ms = 0;
  bool ends_before_start = false;

  PythonPairs tags;  // sorted
  const PythonValue* release = nullptr;
  const PythonValue* environment = nullptr;
  const PythonValue* user_tag = nullptr;  // null: the tag does not exist
  const PythonValue* dist = nullptr;
  std::optional<Uuid> replay_id;
  bool replay_is_no_tag = false;  // it comes from a context and is also added as a tag

  TransactionValues measurements;
  TransactionValues breakdowns;
  bool values_left_out = false;  // measurements or breakdowns with an error
  TransactionSpans spans;
  TransactionContexts contexts;

  const PythonValue* http_method = nullptr;
  const PythonValue* http_referer = nullptr;
  const PythonValue* sdk_name = nullptr;  // if this or the version is falsy, the column is empty
  const PythonValue* sdk_version = nullptr;
  const PythonValue* user = nullptr;  // an object, or null
  int64_t origin_timestamp_ms = kNoTimestamp;
};

// Threads: one.
class TransactionReader {
 public:
  // `values` must have begun the message that read() gets.
  TransactionReader(const ProcessorsSettings& settings, const GeneratedValues& values)
      : settings_(settings), values_(values) {}

  // If the result is Rows, `out` contains the values of the one row, valid until the next call.
  ProcessResult read(std::string_view payload, uint64_t max_spans, Transaction& out);

 private:
  enum class Next : uint8_t { Go, Skip, Invalid };
  struct Parts;

  // The checks that can skip the message, in the order in which they are made.
  Next check_envelope(const PythonValue& root, Parts& parts);
  Next check_data(Parts& parts);
  Next check_age(Parts& parts, Transaction& out);

  bool read_ids(const Parts& parts, Transaction& out);
  bool read_texts(const Parts& parts, Transaction& out);
  bool read_times(const Parts& parts, Transaction& out);
  bool read_status(const Parts& parts, Transaction& out);
  bool read_tags(const Parts& parts, Transaction& out);
  bool read_numbers(const Parts& parts, Transaction& out);
  bool read_values(const PythonValue* object, TransactionValues& out);
  bool read_request(const Parts& parts, Transaction& out);
  bool read_user_and_contexts(const Parts& parts, Transaction& out);
  bool read_origin(const Parts& parts, Transaction& out);
  const std::set<std::string>* contexts_not_stored(const PythonValue& project) const;

  Next skip(const char* code);
  Next invalid(const char* what);
  bool fail(const char* what);

  const ProcessorsSettings settings_;
  const GeneratedValues& values_;
  PythonJson json_;
  PythonPairs headers_;
  const char* code_ = "";
  const char* what_ = "";
};

}  // namespace freshet::processors
