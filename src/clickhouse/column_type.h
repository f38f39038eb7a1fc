// Predicts what current servers do with a JSON value in a column of a given type. tests/contract/table_check_test.cc
// compares the prediction with a server.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

#include "clickhouse/json_value.h"

namespace freshet::clickhouse {

enum class Mismatch {
  // The server stores another value.
  NullBecomesDefault,  // null for a column that is not Nullable
  NullBreaksEnum,      // ... that is an Enum without the value 0: every SELECT of the column fails with 691
  Wraps,               // an integer outside the type's range: silently reduced to its low bits
  BecomesInfinite,     // beyond the largest float
  DigitsCut,           // more digits after the point than the Decimal has
  EmptyTextForNumber,  // "" becomes 0
  FloatRounds,         // an integer with more digits than a float keeps
  GuessedTime,         // text without a date that starts with the year: the server guesses, or rejects it
  AnotherTime,         // a date or time outside the type's range, or not a time; or an integer in another unit
  TupleFieldLeftOut,   // a named Tuple has no element of that name
  NotText,             // not a string for a String: old servers reject it, current ones store the JSON text
  // The server rejects the value.
  NegativeForUnsigned,
  FractionForInteger,  // a point or an exponent, including 1.0 and 1e3
  FractionForTime,
  TextForNumber,  // a string that is not a number
  NotANumber,     // array, object; for a Decimal also true and false
  NotABoolean,    // neither true, false, 0 nor 1
  DecimalTooLarge,
  NotATime,
  TooLongForFixedString,
  NotTextForFixedString,
  UnknownEnumValue,
  NotAnAddress,
  NotAUuid,
  NotAnArray,
  NotAnObject,
  NotATuple,  // not an array with as many elements
};
using Mismatches = std::set<Mismatch>;

// Adds the problems of `value` and of its elements if it is an array, map or tuple. Adds nothing if the value fits or
// the type is unknown. Threads: any.
void add_mismatches(std::string_view type, const JsonValue& value, Mismatches& out);

// For scalar types. `type` has no wrappers such as Nullable(); `value` is not null.
void add_number_mismatches(std::string_view type, const JsonValue& value, Mismatches& out);
void add_enum_mismatches(std::string_view type, const JsonValue& value, Mismatches& out);
void add_time_mismatches(std::string_view type, const JsonValue& value, Mismatches& out);
bool is_number_type(std::string_view type);
bool is_time_type(std::string_view type);
// True if the Enum has an element with the value `number`. null is stored as 0.
bool has_enum_value(std::string_view type, int64_t number);

}  // namespace freshet::clickhouse
