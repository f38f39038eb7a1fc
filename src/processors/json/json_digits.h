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

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
// The value of eight digits, each in a byte of its own, the first digit in the lowest byte. Combines pairs, then groups
// of four, then all eight.
inline uint64_t eight_digits(uint64_t digits) {
  constexpr uint64_t kPairs = 0x000000FF000000FF;
  digits = digits * 10 + (digits >> 8);
  const uint64_t even = (digits & kPairs) * (100 + (uint64_t{1'000'000} << 32));
  const uint64_t odd = (digits >> 16 & kPairs) * (1 + (uint64_t{10'000} << 32));
  return (even + odd) >> 32;
}
#endif

// Reads all digits at `at` and returns their end. `value` becomes value * 10^count + the digits, modulo 2^64. Eight
// bytes must be readable from the first byte that is not a digit.
inline const char* read_digits(const char* at, uint64_t& value) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  while (true) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    word ^= 0x3030303030303030;
    // Sets the top bit of each byte above 9. A carry changes only bytes after the first of these.
    const uint64_t others = ((word + 0x7676767676767676) | word) & 0x8080808080808080;
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

// Two characters for each number below 100.
constexpr std::array<char, 200> make_digit_pairs() {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}
constexpr std::array<char, 200> kDigitPairs = make_digit_pairs();

// Writes the last `digits` digits of `value`, with leading zeros. Returns the end.
inline char* write_digits(uint64_t value, int digits, char* out) {
  char* at = out + digits;
  for (; at - out >= 2; value /= 100) {
    at -= 2;
    std::memcpy(at, &kDigitPairs[2 * (value % 100)], 2);
  }
  if (at != out) *out = static_cast<char>('0' + value % 10);
  return out + digits;
}

}  // namespace freshet::processors
