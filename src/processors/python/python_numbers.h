// Numbers in Python: integers of any size, doubles, and integers in text (docs/snuba-data-sets.md, 11 and 13).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "processors/python/python_json.h"

namespace freshet::processors {

// A number's value as a correctly rounded double. Integers beyond a double become infinite.
double to_double(const PythonValue& number);

// The value of an integer or boolean; values beyond 64 bits saturate.
int64_t to_i64(const PythonValue& integer);

// Compares by exact value: < 0, 0 or > 0. NaN is less than every other number, so the order is total.
int compare_numbers(const PythonValue& a, const PythonValue& b);

// Converts any value to an integer (ToInt in docs/snuba-data-sets.md); values beyond 64 bits saturate. None: it is not
// convertible.
std::optional<int64_t> integer_of(const PythonValue& value);

// An integer of any size from hexadecimal text.
class HexInteger {
 public:
  // None: the text is not a hexadecimal number, or has more than 4300 decimal digits.
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

// The digits of an integer in base 10 or 16, in lower case, without prefix, underscores and leading zeros (empty:
// zero). False: the text is not an integer.
bool read_integer_text(std::string_view text, int base, bool& negative, std::string& digits);

}  // namespace freshet::processors
