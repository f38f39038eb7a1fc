// What a column's type does with a JSON value, as current servers do it (tests/contract/table_check_test.cc asks one).
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

#include "clickhouse/json_value.h"

namespace freshet::clickhouse {

enum class Trouble {
  // Stored, but not as it was meant.
  NullBecomesDefault,  // null for a column that is not Nullable
  NullBreaksEnum,      // ... that is an Enum without the value 0: every SELECT of the column fails with 691
  Wraps,               // an integer outside the type's range: its low bits are kept without a word
  BecomesInfinite,     // beyond the largest float
  DigitsCut,           // more digits behind the point than a Decimal has
  EmptyTextForNumber,  // "" becomes 0
  FloatRounds,         // an integer with more digits than a float keeps
  GuessedTime,         // text without a date that begins with the year: the server guesses, or refuses it
  AnotherTime,         // a date or time outside the type's range, or none; or an integer of another unit
  TupleFieldLeftOut,   // a named Tuple has no element of that name
  NotText,             // no string for a String: old servers refuse it, current ones keep the JSON text
  // Refused.
  NegativeForUnsigned,
  FractionForInteger,  // a point or an exponent, also in 1.0 and 1e3
  FractionForTime,
  TextForNumber,  // a string that is no number
  NotANumber,     // array, object; also true and false for a Decimal
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
  NotATuple,  // no array of as many elements
};
using Troubles = std::set<Trouble>;

// Adds what is wrong with the value, elements of arrays, maps and tuples included; nothing when it fits, or when this
// check does not know the type. Threads: any.
void add_troubles(std::string_view type, const JsonValue& value, Troubles& out);

// Of single types; `type` without wrappers, `value` not null.
void add_number_troubles(std::string_view type, const JsonValue& value, Troubles& out);
void add_enum_troubles(std::string_view type, const JsonValue& value, Troubles& out);
void add_time_troubles(std::string_view type, const JsonValue& value, Troubles& out);
bool is_number_type(std::string_view type);
bool is_time_type(std::string_view type);
// Whether the Enum has a name for 0, which null becomes.
bool has_enum_value(std::string_view type, int64_t number);

}  // namespace freshet::clickhouse
