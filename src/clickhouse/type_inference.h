// Infers the type of a column from the JSON values of a field.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "clickhouse/json_value.h"

namespace freshet::clickhouse {

struct InferredType {
  std::string name{};            // "Nullable(Int64)"
  bool nullable = false;         // including LowCardinality(Nullable(String))
  bool is_time = false;          // DateTime64
  bool low_cardinality = false;  // few distinct values
  std::string note{};            // what is special about the values; empty: nothing
};

// Keeps counts and at most kMostDistinct short texts, however many values are added. Threads: one.
class TypeInference {
 public:
  static constexpr size_t kMostDistinct = 100;    // texts of a LowCardinality column
  static constexpr size_t kLongestDistinct = 64;  // bytes of such a text

  void add(const JsonValue& value) { add(value, 0); }

  uint64_t values() const { return values_; }
  uint64_t nulls() const { return nulls_; }
  // Every added value fits the type, as JSONEachRow is read with date_time_input_format=best_effort. `absent`: rows
  // have no such field. Only null, or a value that is absent, makes a type Nullable; an Array never is.
  InferredType type(bool absent = false) const;

 private:
  void add(const JsonValue& value, size_t depth);
  void add_number(const std::string& literal);
  void add_text(const std::string& text);
  std::string number_type() const;
  InferredType text_type() const;
  InferredType plain_type() const;
  // Elements of arrays are not LowCardinality: a few distinct elements say little about the rows.
  InferredType finished(bool absent, bool may_have_few_values) const;

  uint64_t values_ = 0;  // including null
  uint64_t nulls_ = 0;
  uint64_t booleans_ = 0;
  uint64_t integers_ = 0;
  uint64_t fractions_ = 0;  // numbers with a point or an exponent
  uint64_t texts_ = 0;
  uint64_t arrays_ = 0;
  uint64_t objects_ = 0;
  std::string longest_positive_;  // digits of the largest integer
  std::string longest_negative_;  // without the sign
  uint64_t uuids_ = 0;
  uint64_t dates_ = 0;
  uint64_t times_ = 0;
  size_t fraction_digits_ = 0;  // of the seconds of times
  std::set<std::string> distinct_;
  bool many_distinct_ = false;
  bool too_deep_ = false;
  std::unique_ptr<TypeInference> elements_;  // of arrays
};

}  // namespace freshet::clickhouse
