// Reads the message of a transaction: decides whether it belongs in the table, and collects the values of its row.
#pragma once

#include <array>
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

// What the message has. Null: missing.
struct TransactionFields {
  // From the event.
  const PythonValue* event_id = nullptr;
  const PythonValue* project_id = nullptr;
  const PythonValue* platform = nullptr;
  const PythonValue* release = nullptr;
  const PythonValue* retention_days = nullptr;
  const PythonValue* group_ids = nullptr;
  const PythonValue* data = nullptr;

  // From its data.
  const PythonValue* type = nullptr;
  const PythonValue* timestamp = nullptr;
  const PythonValue* start_timestamp = nullptr;
  const PythonValue* received = nullptr;
  const PythonValue* contexts = nullptr;
  const PythonValue* tags = nullptr;
  const PythonValue* transaction = nullptr;
  const PythonValue* transaction_info = nullptr;
  const PythonValue* measurements = nullptr;
  const PythonValue* breakdowns = nullptr;
  const PythonValue* spans = nullptr;
  const PythonValue* request = nullptr;
  const PythonValue* http = nullptr;
  const PythonValue* user = nullptr;
  const PythonValue* user_interface = nullptr;
  const PythonValue* sdk = nullptr;
  const PythonValue* dist = nullptr;

  // From objects in the data.
  const PythonValue* trace = nullptr;
  const PythonValue* trace_id = nullptr;
  const PythonValue* span_id = nullptr;
  const PythonValue* op = nullptr;
  const PythonValue* status = nullptr;
  const PythonValue* source = nullptr;
  const PythonValue* http_method = nullptr;
  const PythonValue* http_headers = nullptr;
  const PythonValue* sdk_name = nullptr;
  const PythonValue* sdk_version = nullptr;
  const PythonValue* user_name = nullptr;
  const PythonValue* user_id = nullptr;
  const PythonValue* user_email = nullptr;
  const PythonValue* user_ip = nullptr;
  const PythonValue* user_geo = nullptr;
};

// Names and numbers: measurements, breakdowns.
struct TransactionValue {
  const PythonValue* name;
  double number;
};
struct TransactionValues {
  bool present = false;
  std::vector<TransactionValue> list;  // ascending by name
};

struct TransactionTag {
  const PythonValue* name;
  const PythonValue* value;
};

// A message and the values of its row, which point into the message's text. The memory is reused for the next message.
struct Transaction {
  TransactionFields in;

  Uuid event_id;
  Uuid trace_id;
  HexInteger span_id;
  Retention retention;
  const PythonValue* group_ids = nullptr;  // null: none
  uint8_t status = 0;
  int64_t start = 0;  // microseconds since 1970, like finish
  int64_t finish = 0;
  int64_t duration_ms = 0;
  bool ends_before_start = false;

  PythonPairs tags;                   // sorted
  std::vector<TransactionTag> cells;  // of the tag columns
  const PythonValue* release = nullptr;
  const PythonValue* environment = nullptr;
  const PythonValue* user_tag = nullptr;  // empty text if the tag does not exist
  const PythonValue* dist = nullptr;
  std::optional<Uuid> replay_id;
  std::array<char, 32> replay_text;  // of the replay, if it comes from a context and becomes a tag
  PythonString replay_tag{{}};

  TransactionValues measurements;
  TransactionValues breakdowns;
  bool values_left_out = false;  // measurements or breakdowns with an error
  TransactionSpans spans;
  TransactionContexts contexts;

  const PythonValue* http_referer = nullptr;
  std::optional<PythonIp> ip;
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

  // The checks that can skip the message, in the order in which they are made.
  Next check_envelope(const PythonValue& root, Transaction& out);
  Next check_data(Transaction& out);
  Next check_age(Transaction& out);

  bool read_ids(Transaction& out);
  bool read_texts(Transaction& out);
  bool read_times(Transaction& out);
  bool read_status(Transaction& out);
  bool read_tags(Transaction& out);
  bool read_numbers(Transaction& out);
  bool read_values(const PythonValue* object, TransactionValues& out);
  bool read_request(Transaction& out);
  bool read_user_and_contexts(Transaction& out);
  bool read_origin(Transaction& out);
  void add_tag_cells(Transaction& out) const;
  const std::set<std::string>* contexts_not_stored(const PythonValue& project) const;

  Next skip(const char* code);
  Next invalid(const char* what);
  bool fail(const char* what);

  const ProcessorsSettings settings_;
  const GeneratedValues& values_;
  PythonJson json_;
  PythonPairs headers_;
  std::vector<PythonMember> members_;
  const char* code_ = "";
  const char* what_ = "";
};

}  // namespace freshet::processors
