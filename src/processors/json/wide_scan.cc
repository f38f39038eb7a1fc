#include "processors/json/wide_scan.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "processors/json/json_scan.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace freshet::processors {
namespace {

constexpr size_t kBlockOf64 = 64;

// --- lists of bytes -------------------------------------------------------------------------------------------------

// A number is read at all characters at once: the value that ends at one is made of the digit there and of those one
// and two characters before it. What remains is to check where numbers end, and to take the values there.

// A bit for each of 64 characters; bit 0 is the first.
struct ListBlock {
  uint64_t digits;
  uint64_t zeros;
  uint64_t commas;
  uint64_t spaces;
  uint64_t too_large;  // of digits: the number up to here is more than 255
};

// The commas after the numbers of the block; 0: none, or a number is not of the usual form.
[[gnu::always_inline]] inline uint64_t ends_of_numbers(const ListBlock& block) {
  const uint64_t digits = block.digits;
  const uint64_t others = ~(digits | block.commas | block.spaces);
  const uint64_t commas = block.commas & ((others & (0 - others)) - 1);  // before the first of the others
  if (commas == 0) return 0;
  const uint64_t up_to_last = ~uint64_t{0} >> __builtin_clzll(commas);
  const uint64_t after_numbers = digits << 1 & ~digits;
  const uint64_t leading_zeros = block.zeros & ~(digits << 1) & digits >> 1;
  const uint64_t four_digits = digits & digits << 1 & digits << 2 & digits << 3;
  const uint64_t wrong = (after_numbers ^ commas) | leading_zeros | four_digits | (block.too_large & digits);
  return (wrong & up_to_last) == 0 ? commas : 0;
}
[[gnu::always_inline]] inline const char* after_last(uint64_t commas, const char* block) {
  return block + kBlockOf64 - __builtin_clzll(commas);
}

// `values`: with the number that ends at each character.
[[gnu::always_inline]] inline void take_values(const std::array<uint8_t, kBlockOf64>& values, uint64_t commas,
                                               char*& out) {
  for (; commas != 0; commas &= commas - 1) *out++ = static_cast<char>(values[__builtin_ctzll(commas) - 1]);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
// A bit for each of 64 characters, set for a comma.
inline uint64_t commas_of_64(const char* at) {
  uint64_t commas = 0;
#if defined(__SSE2__)
  for (unsigned i = 0; i < kBlockOf64; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(','))));
    commas |= uint64_t{found} << i;
  }
#else
  constexpr uint64_t kLow = 0x7F7F7F7F7F7F7F7F;
  for (unsigned i = 0; i < kBlockOf64; i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, at + i, sizeof word);
    word ^= 0x2C2C2C2C2C2C2C2C;
    const uint64_t top = ~(((word & kLow) + kLow) | word | kLow);  // the top bit of each byte that was a comma
    commas |= (top >> 7) * 0x0102040810204080 >> 56 << i;
  }
#endif
  return commas;
}

// Whether the `size` characters at `at` are an integer from 0 to 255. Four must be readable.
inline bool is_byte(const char* at, size_t size, char& out) {
  uint32_t word = 0;
  std::memcpy(&word, at, sizeof word);
  word ^= 0x30303030;
  const bool leading_zero = (word & 0xFF) == 0 && size > 1;
  word <<= (32 - 8 * size) & 31;
  const uint32_t value = (word >> 8 & 0xFF) * 100 + (word >> 16 & 0xFF) * 10 + (word >> 24);
  out = static_cast<char>(value);
  const uint32_t wrong = (((word + 0x76767676) | word) & 0x80808080) | uint32_t{leading_zero} | uint32_t{value > 255} |
                         uint32_t{size - 1 > 2};  // one branch for all
  return wrong == 0;
}

// All commas of a block are found first, so that reading a number does not wait for the one before it.
const char* read_portable(const char* at, char*& out) {
  while (true) {
    const char* const block = at;
    uint64_t commas = commas_of_64(block);
    if (commas == 0) return at;
    for (; commas != 0; commas &= commas - 1) {
      const char* const comma = block + __builtin_ctzll(commas);
      const char* start = at + (*at == ' ' ? 1 : 0);
      if (static_cast<unsigned char>(*start) <= ' ') start = after_space(start);
      // Behind the NUL no more is read: what ends there is no number.
      if (!is_byte(start, static_cast<size_t>(comma - start), *out)) return at;
      ++out;
      at = comma + 1;
    }
  }
}
#else
// The reader reads one number after the other.
const char* read_portable(const char* at, char*&) { return at; }
#endif

#if defined(__x86_64__)
// Sixteen bytes that are looked up: ten and a hundred times a digit. More than two hundreds are found apart.
constexpr std::array<char, 16> kTens = {0, 10, 20, 30, 40, 50, 60, 70, 80, 90};
constexpr std::array<uint8_t, 16> kHundreds = {0, 100, 200};

[[gnu::target("avx2")]] inline __m256i table_avx2(const void* table) {
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(table)));
}
// The 32 bytes that end `kBack` before those of `bytes`.
template <int kBack>
[[gnu::target("avx2")]] inline __m256i shifted_avx2(__m256i before, __m256i bytes) {
  return _mm256_alignr_epi8(bytes, _mm256_permute2x128_si256(before, bytes, 0x21), 16 - kBack);
}

[[gnu::target("avx2")]] inline uint64_t bits_avx2(__m256i bytes) {
  return static_cast<unsigned>(_mm256_movemask_epi8(bytes));
}

[[gnu::target("avx2")]] const char* read_avx2(const char* at, char*& out) {
  const __m256i white_space = _mm256_setr_epi8(' ', -1, -1, -1, -1, -1, -1, -1, -1, '\t', '\n', -1, -1, '\r', -1, -1,
                                               ' ', -1, -1, -1, -1, -1, -1, -1, -1, '\t', '\n', -1, -1, '\r', -1, -1);
  std::array<uint8_t, kBlockOf64> values;
  while (true) {
    ListBlock block{};
    __m256i digits_before = _mm256_setzero_si256();
    __m256i is_digit_before = _mm256_setzero_si256();
    for (size_t i = 0; i < kBlockOf64; i += 32) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + i));
      const __m256i number = _mm256_sub_epi8(bytes, _mm256_set1_epi8('0'));
      const __m256i is_digit = _mm256_cmpeq_epi8(_mm256_min_epu8(number, _mm256_set1_epi8(9)), number);
      const __m256i digits = _mm256_and_si256(number, is_digit);
      const __m256i tens = shifted_avx2<1>(digits_before, digits);
      const __m256i hundreds =
          _mm256_and_si256(shifted_avx2<2>(digits_before, digits), shifted_avx2<1>(is_digit_before, is_digit));
      const __m256i two_digits = _mm256_add_epi8(_mm256_shuffle_epi8(table_avx2(kTens.data()), tens), digits);
      const __m256i large = _mm256_shuffle_epi8(table_avx2(kHundreds.data()), hundreds);
      const __m256i value = _mm256_add_epi8(two_digits, large);
      const __m256i fits = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_adds_epu8(two_digits, large), value),
                                            _mm256_cmpgt_epi8(_mm256_set1_epi8(3), hundreds));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(values.data() + i), value);
      block.digits |= bits_avx2(is_digit) << i;
      block.zeros |= bits_avx2(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('0'))) << i;
      block.commas |= bits_avx2(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(','))) << i;
      block.spaces |= bits_avx2(_mm256_cmpeq_epi8(bytes, _mm256_shuffle_epi8(white_space, bytes))) << i;
      block.too_large |= bits_avx2(_mm256_xor_si256(fits, _mm256_set1_epi8(-1))) << i;
      digits_before = digits;
      is_digit_before = is_digit;
    }
    const uint64_t commas = ends_of_numbers(block);
    if (commas == 0) return at;
    take_values(values, commas, out);
    at = after_last(commas, at);
  }
}
#endif

// --- strings --------------------------------------------------------------------------------------------------------

const char* scan_string_portable(const char* at, bool& ascii) { return best::scan_string(at, ascii); }

// The end of a string in a block, if there is one.
[[gnu::always_inline]] inline bool ends_string(uint64_t special, uint64_t high, const char*& at, bool& ascii) {
  if ((high & ((special & (0 - special)) - 1)) != 0) ascii = false;
  at += special == 0 ? kBlockOf64 : static_cast<size_t>(__builtin_ctzll(special));
  return special != 0;
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] const char* scan_string_avx2(const char* at, bool& ascii) {
  while (true) {
    uint64_t special = 0;
    uint64_t high = 0;
    for (size_t i = 0; i < kBlockOf64; i += 32) {
      const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + i));
      const __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes);
      const __m256i quote = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'));
      const __m256i escape = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'));
      special |= bits_avx2(_mm256_or_si256(control, _mm256_or_si256(quote, escape))) << i;
      high |= bits_avx2(bytes) << i;
    }
    if (ends_string(special, high, at, ascii)) return at;
  }
}

[[gnu::target("avx512bw")]] const char* scan_string_avx512(const char* at, bool& ascii) {
  while (true) {
    const __m512i bytes = _mm512_loadu_si512(at);
    const uint64_t special = _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20)) |
                             _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')) |
                             _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\'));
    if (ends_string(special, _mm512_movepi8_mask(bytes), at, ascii)) return at;
  }
}
#endif

// --- escapes --------------------------------------------------------------------------------------------------------

const char* escape_portable(const char* at, const char*, char*&) { return at; }

#if defined(__x86_64__)
// Puts a backslash before every character, and leaves out those that are not needed.
[[gnu::target("avx512bw,avx512vl,avx512vbmi2,bmi2,popcnt")]] const char* escape_avx512(const char* at, const char* end,
                                                                                       char*& out) {
  const __m256i letters = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 'b', 't', 'n', 0, 'f', 'r', 0, 0, 0, 0, 0, 0, 0, 0,
                                           0, 0, 'b', 't', 'n', 0, 'f', 'r', 0, 0);
  constexpr std::ptrdiff_t kHalf = 32;
  for (; end - at >= kHalf; at += kHalf) {
    __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __mmask32 controls = _mm256_cmplt_epu8_mask(bytes, _mm256_set1_epi8(0x20));
    const __mmask32 special = controls | _mm256_cmpeq_epi8_mask(bytes, _mm256_set1_epi8('"')) |
                              _mm256_cmpeq_epi8_mask(bytes, _mm256_set1_epi8('\\'));
    if (controls != 0) {
      const __m256i letter = _mm256_shuffle_epi8(letters, bytes);
      const __mmask32 short_ones = _mm256_mask_test_epi8_mask(controls, letter, letter);
      if (short_ones != controls || _mm256_mask_cmpge_epu8_mask(controls, bytes, _mm256_set1_epi8(0x10)) != 0)
        return at;
      bytes = _mm256_mask_mov_epi8(bytes, controls, letter);
    }
    const __m512i pairs = _mm512_or_si512(_mm512_slli_epi16(_mm512_cvtepu8_epi16(bytes), 8), _mm512_set1_epi16('\\'));
    const uint64_t kept = 0xAAAAAAAAAAAAAAAA | _pdep_u64(special, 0x5555555555555555);
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi8(kept, pairs));
    out += kHalf + __builtin_popcount(special);
  }
  return at;
}
#endif

std::vector<WideScan> scans_of_this_machine() {
  std::vector<WideScan> scans;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    scans.push_back({"avx2", scan_string_avx2, read_avx2, escape_portable});
    // The first machines with AVX-512 lower their clock for it, and do not have VBMI2.
    const bool compresses = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                            __builtin_cpu_supports("avx512vbmi2");
    if (compresses && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")) {
      scans.insert(scans.begin(), {"avx512", scan_string_avx512, read_avx2, escape_avx512});
    }
  }
#endif
  scans.push_back({"portable", scan_string_portable, read_portable, escape_portable});
  return scans;
}

}  // namespace

std::span<const WideScan> WideScan::all() {
  static const std::vector<WideScan> scans = scans_of_this_machine();
  return scans;
}

const WideScan WideScan::kBest = WideScan::all().front();

}  // namespace freshet::processors
