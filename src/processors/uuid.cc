#include "processors/uuid.h"

#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace freshet::processors {
namespace {

constexpr size_t kDigits = 32;

#if defined(__SSE2__)
// The values of sixteen digits; clears the bits in `good` of characters that are not digits.
__m128i values_of(const char* text, __m128i& good) {
  const __m128i c = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text));
  const __m128i digit = _mm_sub_epi8(c, _mm_set1_epi8('0'));
  const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
  const __m128i letter = _mm_sub_epi8(_mm_or_si128(c, _mm_set1_epi8(0x20)), _mm_set1_epi8('a'));
  const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
  good = _mm_and_si128(good, _mm_or_si128(is_digit, is_letter));
  return _mm_or_si128(_mm_and_si128(is_digit, digit),
                      _mm_and_si128(is_letter, _mm_add_epi8(letter, _mm_set1_epi8(10))));
}

// Combines pairs of values into bytes, in the lower half of each 16 bits.
__m128i bytes_of(__m128i values) {
  const __m128i both = _mm_or_si128(_mm_slli_epi16(values, 4), _mm_srli_epi16(values, 8));
  return _mm_and_si128(both, _mm_set1_epi16(0xFF));
}

bool read_hex(const char* text, uint8_t* out) {
  __m128i good = _mm_set1_epi8(-1);
  const __m128i first = values_of(text, good);
  const __m128i second = values_of(text + 16, good);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_packus_epi16(bytes_of(first), bytes_of(second)));
  return _mm_movemask_epi8(good) == 0xFFFF;
}

void write_hex(const uint8_t* bytes, char* out) {
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
#else
int value_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool read_hex(const char* text, uint8_t* out) {
  int bad = 0;
  for (size_t i = 0; i < kDigits; i += 2) {
    const int high = value_of(text[i]);
    const int low = value_of(text[i + 1]);
    bad |= high | low;
    out[i / 2] = static_cast<uint8_t>(high * 16 + low);
  }
  return bad >= 0;
}

void write_hex(const uint8_t* bytes, char* out) {
  constexpr const char* kHex = "0123456789abcdef";
  for (size_t i = 0; i < kDigits / 2; ++i) {
    out[2 * i] = kHex[bytes[i] >> 4];
    out[2 * i + 1] = kHex[bytes[i] & 15];
  }
}
#endif

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() == 45 && text.starts_with("urn:uuid:")) text.remove_prefix(9);
  if (text.size() == 38 && text.front() == '{' && text.back() == '}') text = text.substr(1, 36);
  Uuid uuid;
  const char* at = text.data();
  if (text.size() == kDigits) {
    if (!read_hex(at, uuid.bytes.data())) return std::nullopt;
    return uuid;
  }
  if (text.size() != kTextSize || at[8] != '-' || at[13] != '-' || at[18] != '-' || at[23] != '-') return std::nullopt;
  std::array<char, kDigits> digits;
  std::memcpy(digits.data(), at, 8);
  std::memcpy(&digits[8], at + 9, 4);
  std::memcpy(&digits[12], at + 14, 4);
  std::memcpy(&digits[16], at + 19, 4);
  std::memcpy(&digits[20], at + 24, 12);
  if (!read_hex(digits.data(), uuid.bytes.data())) return std::nullopt;
  return uuid;
}

void Uuid::write(char* out) const {
  std::array<char, kDigits> digits;
  write_hex(bytes.data(), digits.data());
  std::memcpy(out, digits.data(), 8);
  std::memcpy(out + 9, &digits[8], 4);
  std::memcpy(out + 14, &digits[12], 4);
  std::memcpy(out + 19, &digits[16], 4);
  std::memcpy(out + 24, &digits[20], 12);
  out[8] = out[13] = out[18] = out[23] = '-';
}

void Uuid::write_simple(char* out) const { write_hex(bytes.data(), out); }

}  // namespace freshet::processors
