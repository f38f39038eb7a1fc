#include "processors/data_sets/transactions/transaction_spans.h"

#include <algorithm>

#include "processors/python/python_fields.h"
#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

struct Span {
  const PythonValue* op = nullptr;
  const PythonValue* hash = nullptr;
  const PythonValue* time = nullptr;
};
constexpr auto kSpan = describe<Span>(field<&Span::op>("op"), field<&Span::hash>("hash"),  //
                                      field<&Span::time>("exclusive_time"));

int compare_records(const TransactionSpans::Record& a, const TransactionSpans::Record& b, bool& comparable) {
  if (const int order = compare(*a.op, *b.op, comparable); order != 0) return order;
  if (const int order = a.group.compare(b.group); order != 0) return order;
  return compare(*a.time, *b.time, comparable);
}

}  // namespace

bool TransactionSpans::read(const PythonValue& trace, const PythonValue* spans, uint64_t limit, const char*& error) {
  records_.clear();
  cut_ = false;
  if (!add(trace, error)) return false;
  if (spans != nullptr) {
    const bool empty = (spans->is_object() || spans->is_string()) && spans->count() == 0;
    if (!spans->is_array() && !empty) {
      error = "data.spans is not an array";
      return false;
    }
    if (spans->is_array()) {
      for (const PythonValue* span = spans->begin(); span != spans->end(); span = span->after()) {
        cut_ = records_.size() >= limit;
        if (cut_) break;
        if (!add(*span, error)) return false;
      }
    }
  }
  if (sort()) return true;
  error = "spans cannot be ordered";
  return false;
}

bool TransactionSpans::add(const PythonValue& span, const char*& error) {
  if (!span.is_object()) {
    error = "a span is not an object";
    return false;
  }
  Span in;
  pick<kSpan>(&span, in);
  if (is_none(in.op) || is_none(in.hash) || is_none(in.time)) return true;
  auto group = in.hash->is_string() ? HexInteger::parse(in.hash->view()) : std::nullopt;
  if (!group) {
    error = "a span's hash is not a hexadecimal number";
    return false;
  }
  records_.push_back({in.op, *std::move(group), in.time, static_cast<uint32_t>(records_.size())});
  return true;
}

bool TransactionSpans::sort() {
  bool comparable = true;
  std::sort(records_.begin(), records_.end(), [&comparable](const Record& a, const Record& b) {
    const int order = compare_records(a, b, comparable);
    return order != 0 ? order < 0 : a.place < b.place;
  });
  return comparable;
}

}  // namespace freshet::processors
