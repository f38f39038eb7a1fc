// The inner loops of reading and writing JSON strings, sixteen bytes at a time where the CPU has SSE2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace freshet::processors {

// The first byte from `at` on that is not white space. There must be one, and 16 readable bytes after it.
inline const char* after_space(const char* at) {
  if (static_cast<unsigned char>(*at) > ' ') return at;
  if (*at == ' ' && static_cast<unsigned char>(at[1]) > ' ') return at + 1;
#if defined(__SSE2__)
  while (true) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i blank =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' ')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')));
    const __m128i other =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')));
    const auto text = static_cast<unsigned>(~_mm_movemask_epi8(_mm_or_si128(blank, other))) & 0xFFFF;
    if (text != 0) return at + __builtin_ctz(text);
    at += 16;
  }
#else
  while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') ++at;
  return at;
#endif
}

// The first quote, backslash or control character from `at` on. There must be one, and 16 readable bytes after it. Sets
// `ascii` to false if a byte before it is not ASCII; never sets it to true.
inline const char* scan_string(const char* at, bool& ascii) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1F);
  int high = 0;
  while (true) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
    const __m128i special =
        _mm_or_si128(control, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(special));
    const int not_ascii = _mm_movemask_epi8(bytes);
    if (found != 0) {
      const auto before = static_cast<unsigned>(__builtin_ctz(found));
      if ((high | (not_ascii & ((1 << before) - 1))) != 0) ascii = false;
      return at + before;
    }
    high |= not_ascii;
    at += 16;
  }
#else
  for (;; ++at) {
    const auto c = static_cast<unsigned char>(*at);
    if (c < 0x20 || c == '"' || c == '\\') return at;
    if (c >= 0x80) ascii = false;
  }
#endif
}

// A bit for each of the sixteen bytes at `at` that is a quote, a backslash or a control character; the first byte has
// the lowest bit.
inline unsigned special_of_sixteen(const char* at) {
#if defined(__SSE2__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  const __m128i special = _mm_or_si128(
      control, _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
  return static_cast<unsigned>(_mm_movemask_epi8(special));
#else
  unsigned special = 0;
  for (unsigned i = 0; i < 16; ++i) {
    const auto c = static_cast<unsigned char>(at[i]);
    if (c < 0x20 || c == '"' || c == '\\') special |= 1u << i;
  }
  return special;
#endif
}

// True if two texts of the same size agree in their first sixteen bytes. Sixteen bytes must be readable from both.
inline bool same_head(const char* a, const char* b, size_t size) {
#if defined(__SSE2__)
  const __m128i equal = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a)),
                                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(b)));
  const auto differs = static_cast<unsigned>(~_mm_movemask_epi8(equal)) & 0xFFFF;
  return size >= 16 ? differs == 0 : (differs & ((1u << size) - 1)) == 0;
#else
  return std::memcmp(a, b, size < 16 ? size : 16) == 0;
#endif
}

}  // namespace freshet::processors
