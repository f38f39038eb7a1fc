// The inner loops of reading and writing JSON strings: sixteen bytes at a time if the target has SSE2 (`sse2`),
// otherwise byte by byte, or eight bytes in a word (`portable`). A build with SSE2 compiles both, and fast_paths_test
// compares them. What readers call for each value is always inlined: without that, the compiler's choice depends on
// what else it reads in the same run, and differs by a twentieth of a processor's time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "processors/json/wide_scan.h"

namespace freshet::processors {

namespace portable {

inline bool is_special(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

inline const char* after_space(const char* at) {
  while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') ++at;
  return at;
}

inline const char* scan_string(const char* at, bool& ascii) {
  unsigned char high = 0;
  for (; !is_special(*at); ++at) high |= static_cast<unsigned char>(*at);
  if (high >= 0x80) ascii = false;
  return at;
}

inline unsigned special_of_sixteen(const char* at) {
  unsigned special = 0;
  for (unsigned i = 0; i < 16; ++i) special |= unsigned{is_special(at[i])} << i;
  return special;
}

inline bool same_head(const char* a, const char* b, size_t size) {
  return std::memcmp(a, b, size < 16 ? size : 16) == 0;
}

}  // namespace portable

#if defined(__SSE2__)
namespace sse2 {

[[gnu::always_inline]] inline const char* after_space(const char* at) {
  if (static_cast<unsigned char>(*at) > ' ') return at;
  if (*at == ' ' && static_cast<unsigned char>(at[1]) > ' ') return at + 1;
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
}

inline __m128i special_bytes(__m128i bytes) {
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes);
  return _mm_or_si128(
      control, _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
}

[[gnu::always_inline]] inline const char* scan_string(const char* at, bool& ascii) {
  int high = 0;
  while (true) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(special_bytes(bytes)));
    const int not_ascii = _mm_movemask_epi8(bytes);
    if (found != 0) {
      // What is found is ASCII, so that only the bytes before the first of it count.
      if ((high | (not_ascii & static_cast<int>(found - 1))) != 0) ascii = false;
      return at + __builtin_ctz(found);
    }
    high |= not_ascii;
    at += 16;
  }
}

inline unsigned special_of_sixteen(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  return static_cast<unsigned>(_mm_movemask_epi8(special_bytes(bytes)));
}

inline bool same_head(const char* a, const char* b, size_t size) {
  const __m128i equal = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a)),
                                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(b)));
  const int differs = ~_mm_movemask_epi8(equal);  // the bits behind the sixteen are set
  return static_cast<size_t>(__builtin_ctz(static_cast<unsigned>(differs))) >= (size < 16 ? size : 16);
}

}  // namespace sse2
namespace best = sse2;
#else
namespace best = portable;
#endif

// Returns the first byte at or after `at` that is not white space. It must exist, with 16 readable bytes after it.
[[gnu::always_inline]] inline const char* after_space(const char* at) { return best::after_space(at); }

// Returns the first quote, backslash or control character at or after `at`. It must exist, and be followed by a NUL
// with 64 readable bytes from it. Sets `ascii` to false if a byte before it is not ASCII; never sets it to true.
[[gnu::always_inline]] inline const char* scan_string(const char* at, bool& ascii) {
#if defined(__SSE2__)
  const bool is_long = best::special_of_sixteen(at) == 0 && best::special_of_sixteen(at + 16) == 0;
  if (is_long) return WideScan::kBest.scan_string(at, ascii);
#endif
  return best::scan_string(at, ascii);
}

// A bit for each of the sixteen bytes at `at`, set for a quote, a backslash or a control character. Bit 0 is the first
// byte.
inline unsigned special_of_sixteen(const char* at) { return best::special_of_sixteen(at); }

// True if two texts of `size` bytes agree in their first sixteen bytes. Sixteen bytes must be readable from both.
inline bool same_head(const char* a, const char* b, size_t size) { return best::same_head(a, b, size); }

// True if two texts of `size` bytes are equal. Sixteen bytes must be readable from both, also if they are shorter.
[[gnu::always_inline]] inline bool same_text(const char* a, const char* b, size_t size) {
  if (size <= 16) return best::same_head(a, b, size);
  for (size_t at = 0; at < size - 16; at += 16) {
    if (!best::same_head(a + at, b + at, 16)) return false;
  }
  return best::same_head(a + size - 16, b + size - 16, 16);  // some of them a second time
}

}  // namespace freshet::processors
