// The spans of a transaction, as far as the table keeps them (spec of the data set: TransactionsMessageProcessor, 3.9).
#pragma once

#include <cstdint>
#include <vector>

#include "processors/python_json.h"
#include "processors/python_numbers.h"

namespace freshet::processors {

// Keeps its memory. Threads: one.
class TransactionSpans {
 public:
  struct Record {
    const PythonValue* op;
    HexInteger group;
    const PythonValue* time;
    uint32_t place;
  };

  // The record of the trace itself, then those of `spans` (null: there are none), up to `limit` in all; sorted. False:
  // they are invalid, `error` (static text) says why.
  bool read(const PythonValue& trace, const PythonValue* spans, uint64_t limit, const char*& error);
  const std::vector<Record>& records() const { return records_; }
  // Elements stayed unread because of the limit.
  bool cut() const { return cut_; }

 private:
  bool add(const PythonValue& span, const char*& error);
  bool sort();

  std::vector<Record> records_;
  bool cut_ = false;
};

}  // namespace freshet::processors
