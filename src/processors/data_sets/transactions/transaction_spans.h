// The spans of a transaction that the table stores.
#pragma once

#include <cstdint>
#include <vector>

#include "processors/python/python_json.h"
#include "processors/python/python_numbers.h"

namespace freshet::processors {

// Reuses its memory. Threads: one.
class TransactionSpans {
 public:
  struct Record {
    const PythonValue* op;
    HexInteger group;
    const PythonValue* time;
    uint32_t place;
  };

  // Reads the root span from `trace`, then the spans in `spans` (null: none), at most `limit` in total, and sorts them.
  // False: invalid; `error` (static text) says why.
  bool read(const PythonValue& trace, const PythonValue* spans, uint64_t limit, const char*& error);
  const std::vector<Record>& records() const { return records_; }
  // True if elements were not read because of the limit.
  bool cut() const { return cut_; }

 private:
  bool add(const PythonValue& span, const char*& error);
  bool sort();

  std::vector<Record> records_;
  bool cut_ = false;
};

}  // namespace freshet::processors
