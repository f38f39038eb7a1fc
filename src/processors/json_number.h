// Numbers as JSON has them: reading the literal, writing the shortest text (common 3.4, 4.1, 4.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "processors/json_reader.h"

namespace freshet::processors {

// Reads the literal at `at` (a byte that is no part of a number must follow it, and from there on eight bytes can be
// read). Returns where it ends; `error` (static
// text) when it is none, or its exponent is beyond a double. -0 is the float; integers beyond 64 bits are floats.
const char* parse_number(const char* at, JsonNumber& out, const char*& error);
// The same, as reference_double() reads it where it is no integer.
const char* parse_number_to_truncate(const char* at, double& out, const char*& error);
// The same without the value: only the grammar.
const char* pass_number_syntax(const char* at, const char*& error);

// The value of a literal as the reference reads it (common 5.7), up to a few units in the last place off: only for
// values that are truncated to an integer afterwards, where such a unit decides. `text` is a number's literal.
double reference_double(std::string_view text);

// Room that write_f64 and write_f32 need at most.
constexpr size_t kNumberRoom = 32;

// The shortest digits that read back to the same value, in the reference's notation; "null" when it is not finite.
// Returns the end of what was written at `out`, which has kNumberRoom bytes of room.
char* write_f64(double value, char* out);
char* write_f32(float value, char* out);
char* write_u64(uint64_t value, char* out);
char* write_i64(int64_t value, char* out);
// Integers in full, doubles as write_f64 has them.
char* write_number(const JsonNumber& number, char* out);
// high * 2^64 + low; at most 39 digits, needs room for 40.
char* write_u128(uint64_t high, uint64_t low, char* out);

}  // namespace freshet::processors
