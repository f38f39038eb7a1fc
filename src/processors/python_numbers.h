// Numbers of Python's kind: integers of any size beside doubles, and integers written as text (python_common 3 and 5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "processors/python_json.h"

namespace freshet::processors {

// A number's value as a double, correctly rounded. Integers beyond a double become infinite.
double to_double(const PythonValue& number);

// The value of an integer or boolean; what is beyond 64 bits saturates.
int64_t to_i64(const PythonValue& integer);

// By exact value: below, equal (0) or above. NaN is less than every other number, so that the order is total.
int compare_numbers(const PythonValue& a, const PythonValue& b);

// "ToInt": of any value; what is beyond 64 bits saturates. None: it cannot be read as an integer.
std::optional<int64_t> integer_of(const PythonValue& value);

// "Int16": an integer of any size from hexadecimal text.
class HexInteger {
 public:
  // None: the text is no such number, or has more than 4300 decimal digits.
  static std::optional<HexInteger> parse(std::string_view text);
  // Decimal digits and sign, in full.
  std::string_view digits(std::string& scratch) const;
  bool fits_u64() const { return !negative_ && big_.empty(); }
  uint64_t u64() const { return magnitude_; }
  int compare(const HexInteger& other) const;

 private:
  bool negative_ = false;
  uint64_t magnitude_ = 0;
  std::string big_;  // decimal digits of a magnitude beyond 64 bits
};

// The digits of an integer's text in base 10 or 16, lower case, without prefix, underscores and leading zeros (empty:
// it is zero). False: the text is none.
bool read_integer_text(std::string_view text, int base, bool& negative, std::string& digits);

}  // namespace freshet::processors
