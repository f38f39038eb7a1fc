// Reads and writes decimal digits, eight at a time in one word: one branch per eight digits instead of one per digit.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace freshet::processors {

constexpr std::array<uint64_t, 20> make_powers_of_ten() {
  std::array<uint64_t, 20> powers{1};
  for (size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr std::array<uint64_t, 20> kPowersOfTen = make_powers_of_ten();

inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

// The value of eight digits, each in a byte of its own, the first digit in the lowest byte. Combines pairs, then groups
// of four, then all eight.
inline uint64_t eight_digits(uint64_t digits) {
  constexpr uint64_t kPairs = 0x000000FF000000FF;
  digits = digits * 10 + (digits >> 8);
  const uint64_t even = (digits & kPairs) * (100 + (uint64_t{1'000'000} << 32));
  const uint64_t odd = (digits >> 16 & kPairs) * (1 + (uint64_t{10'000} << 32));
  return (even + odd) >> 32;
}

// Eight characters, each with '0' subtracted by XOR: a bit for each that is no digit, the top one of its byte. A carry
// changes only bytes after the first of these.
inline uint64_t not_digits(uint64_t word) { return ((word + 0x7676767676767676) | word) & 0x8080808080808080; }
inline bool are_digits(uint64_t word) { return not_digits(word) == 0; }

// Reads all digits at `at` and returns their end. `value` becomes value * 10^count + the digits, modulo 2^64. Eight
// bytes must be readable from the first byte that is not a digit.
[[gnu::always_inline]] inline const char* read_digits(const char* at, uint64_t& value) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  while (true) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    word ^= 0x3030303030303030;
    const uint64_t others = not_digits(word);
    if (others == 0) {
      value = value * 100'000'000 + eight_digits(word);
      at += 8;
      continue;
    }
    const auto count = static_cast<unsigned>(__builtin_ctzll(others)) / 8;
    if (count == 0) return at;
    value = value * kPowersOfTen[count] + eight_digits(word << (64 - 8 * count));
    return at + count;
  }
#else
  for (; is_digit(*at); ++at) value = value * 10 + static_cast<uint64_t>(*at - '0');
  return at;
#endif
}

inline const char* pass_digits(const char* at) {
  uint64_t ignored = 0;
  return read_digits(at, ignored);
}

// The digits of a number below 10^8, each in a byte of its own, the first of eight in the lowest byte.
inline uint64_t digits_of_eight(uint64_t value) {
  constexpr uint64_t kFourDigits = 10'000;
  const uint64_t fours = value / kFourDigits | value % kFourDigits << 32;
  const uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007F0000007F;  // x / 100 of each half
  const uint64_t pairs = hundreds | (fours - 100 * hundreds) << 16;
  const uint64_t tens = (pairs * 103 >> 10) & 0x000F000F000F000F;  // x / 10 of each quarter
  return tens | (pairs - 10 * tens) << 8;
}

// Writes the lowest bytes of `text` first, on every machine.
inline void write_eight_bytes(uint64_t text, char* out) {
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  text = __builtin_bswap64(text);
#endif
  std::memcpy(out, &text, sizeof text);
}

constexpr uint64_t kEightZeros = 0x3030303030303030;  // as characters
constexpr uint64_t kTenToEight = 100'000'000;

// Writes the last `digits` digits of `value`, 1 to 16, with leading zeros. Returns the end; seven bytes after it may
// change.
[[gnu::always_inline]] inline char* write_digits(uint64_t value, int digits, char* out) {
  if (digits > 8) {
    const uint64_t above = value / kTenToEight;
    write_eight_bytes((digits_of_eight(above % kTenToEight) | kEightZeros) >> (8 * (16 - digits)), out);
    out += digits - 8;
    digits = 8;
  }
  write_eight_bytes((digits_of_eight(value % kTenToEight) | kEightZeros) >> (8 * (8 - digits)), out);
  return out + digits;
}

// Writes a number below 10^8 without leading zeros. Returns the end; seven bytes after it may change.
inline char* write_up_to_eight(uint64_t value, char* out) {
  const uint64_t digits = digits_of_eight(value);
  const int zeros = __builtin_ctzll(digits | uint64_t{1} << 56) / 8;
  write_eight_bytes((digits | kEightZeros) >> (8 * zeros), out);
  return out + (8 - zeros);
}

// Writes a number. Returns the end; at most 20 bytes change.
inline char* write_u64(uint64_t value, char* out) {
  if (value < kTenToEight) return write_up_to_eight(value, out);
  const uint64_t above = value / kTenToEight;
  if (above < kTenToEight) {
    out = write_up_to_eight(above, out);
  } else {
    out = write_up_to_eight(above / kTenToEight, out);
    out = write_digits(above, 8, out);
  }
  return write_digits(value, 8, out);
}
inline char* write_i64(int64_t value, char* out) {
  if (value >= 0) return write_u64(static_cast<uint64_t>(value), out);
  *out = '-';
  return write_u64(~static_cast<uint64_t>(value) + 1, out + 1);
}

}  // namespace freshet::processors
