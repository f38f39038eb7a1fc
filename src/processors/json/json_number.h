// Numbers in JSON: reads literals and writes the shortest text (docs/snuba-data-sets.md, 4 and 5).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "processors/json/json_digits.h"
#include "processors/json/json_reader.h"

namespace freshet::processors {

// Reads the literal at `at`. A byte that cannot belong to a number must follow it, and eight bytes must be readable
// from there. Returns the end; sets `error` (static text) if there is no number or it is too large for a double. -0 is
// a double; integers beyond 64 bits are doubles.
const char* parse_number(const char* at, JsonNumber& out, const char*& error);
// As parse_number(), but the result is a double.
const char* parse_f64(const char* at, double& out, const char*& error);
// As parse_f64(), but a number that is not an integer has the value of
// reference_double().
const char* parse_number_to_truncate(const char* at, double& out, const char*& error);
// Passes a number, true, false or null. `range`: whether a number that is too large for a double is an error. Returns
// the end, or the first wrong byte with `error` set.
const char* pass_scalar(const char* at, bool range, const char*& error);

// The value of the literal `text` as Snuba's JSON reader computes it, which can be off by a few units in the last
// place. Use it only for values that are truncated to an integer, where such a difference matters.
double reference_double(std::string_view text);

// The most bytes that write_f64 and write_f32 need.
constexpr size_t kNumberRoom = 32;

// Writes the shortest digits that read back to the same value; "null" if it is not finite. `out` has kNumberRoom bytes.
// Returns the end.
char* write_f64(double value, char* out);
char* write_f32(float value, char* out);
// Integers in full, doubles as write_f64 writes them.
char* write_number(const JsonNumber& number, char* out);
// Writes high * 2^64 + low, at most 39 digits. `out` has kUInt128Room bytes. Returns the end.
constexpr size_t kUInt128Room = 40;
char* write_u128(uint64_t high, uint64_t low, char* out);

}  // namespace freshet::processors
