// Converts between sixteen bytes and 32 hexadecimal digits. For `sse2` and `portable` see json_scan.h.
#pragma once

#include <cstddef>
#include <cstdint>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace freshet::processors {

namespace portable {

inline int value_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

inline bool read_hex(const char* text, uint8_t* out) {
  int bad = 0;
  for (size_t i = 0; i < 32; i += 2) {
    const int high = value_of(text[i]);
    const int low = value_of(text[i + 1]);
    bad |= high | low;
    out[i / 2] = static_cast<uint8_t>(high * 16 + low);
  }
  return bad >= 0;
}

inline void write_hex(const uint8_t* bytes, char* out) {
  constexpr const char* kHex = "0123456789abcdef";
  for (size_t i = 0; i < 16; ++i) {
    out[2 * i] = kHex[bytes[i] >> 4];
    out[2 * i + 1] = kHex[bytes[i] & 15];
  }
}

}  // namespace portable

#if defined(__SSE2__)
namespace sse2 {

// Converts sixteen digits to their values. Clears the bytes of `good` whose character is not a digit.
inline __m128i values_of(const char* text, __m128i& good) {
  const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const __m128i digit = _mm_sub_epi8(c, _mm_set1_epi8('0'));
  const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
  const __m128i letter = _mm_sub_epi8(_mm_or_si128(c, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
  const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
  good = _mm_and_si128(good, _mm_or_si128(is_digit, is_letter));
  return _mm_or_si128(_mm_and_si128(is_digit, digit),
                      _mm_and_si128(is_letter, _mm_add_epi8(letter, _mm_set1_epi8(10))));
}

// Combines pairs of values to bytes, in the lower half of each 16 bits.
inline __m128i bytes_of(__m128i values) {
  const __m128i both = _mm_or_si128(_mm_slli_epi16(values, 4), _mm_srli_epi16(values, 8));
  return _mm_and_si128(both, _mm_set1_epi16(0xFF));
}

inline bool read_hex(const char* text, uint8_t* out) {
  __m128i good = _mm_set1_epi8(-1);
  const __m128i first = values_of(text, good);
  const __m128i second = values_of(text + 16, good);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_packus_epi16(bytes_of(first), bytes_of(second)));
  return _mm_movemask_epi8(good) == 0xFFFF;
}

inline void write_hex(const uint8_t* bytes, char* out) {
  const __m128i low = _mm_set1_epi8(15);
  const __m128i both = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
  const __m128i high_values = _mm_and_si128(_mm_srli_epi16(both, 4), low);
  const __m128i low_values = _mm_and_si128(both, low);
  const auto put = [](__m128i values, char* to) {
    const __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(values, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '0' - 10));
    const __m128i text = _mm_add_epi8(_mm_add_epi8(values, _mm_set1_epi8('0')), letter);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), text);
  };
  put(_mm_unpacklo_epi8(high_values, low_values), out);
  put(_mm_unpackhi_epi8(high_values, low_values), out + 16);
}

}  // namespace sse2
#endif

// Reads 32 digits of either case into 16 bytes. False if a character is not a digit; `out` is then undefined.
inline bool read_hex(const char* text, uint8_t* out) {
#if defined(__SSE2__)
  return sse2::read_hex(text, out);
#else
  return portable::read_hex(text, out);
#endif
}

// Writes 16 bytes as 32 lower-case digits.
inline void write_hex(const uint8_t* bytes, char* out) {
#if defined(__SSE2__)
  sse2::write_hex(bytes, out);
#else
  portable::write_hex(bytes, out);
#endif
}

}  // namespace freshet::processors
