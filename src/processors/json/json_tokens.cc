// Only the classification of bytes differs between machines. It is chosen at run time, because programs are built for
// the oldest machine of their architecture.
#include "processors/json/json_tokens.h"

#include <array>
#include <string_view>
#include <vector>

#include "processors/json/json_scan.h"
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace freshet::processors {

// Returns the backslashes that escape a character: in a run of backslashes, every other one. Where such a run starts at
// an odd place, subtraction turns the odd bits of the run into its even ones (simdjson's algorithm).
[[gnu::always_inline]] inline uint64_t JsonTokens::find_escapes(uint64_t backslashes) const {
  constexpr uint64_t kOdd = 0xAAAAAAAAAAAAAAAA;
  const uint64_t starts = backslashes & ~escaped_;
  return (((starts << 1 | kOdd) - starts) ^ kOdd) & backslashes;
}

[[gnu::always_inline]] inline uint64_t JsonTokens::take_quotes(const JsonBlock& block) {
  escapes_ = block.backslashes == 0 ? 0 : find_escapes(block.backslashes);
  const uint64_t quotes = block.quotes & ~(escapes_ << 1 | escaped_);
  escaped_ = escapes_ >> 63;
  return quotes;
}

[[gnu::always_inline]] inline uint64_t JsonTokens::tokens(const JsonBlock& block, uint64_t quotes, uint64_t odd) {
  const uint64_t strings = odd ^ in_string_;  // with their opening quotes
  in_string_ = 0 - (strings >> 63);
  const uint64_t other = ~(block.white_space | block.punctuation | quotes | strings);
  const uint64_t first = other & ~(other << 1 | after_other_);
  after_other_ = other >> 63;
  block_high_ = block.high;
  high_ |= block.high;
  return quotes | ((block.punctuation | first) & ~strings) | (escapes_ & strings) |
         (block.controls & (strings | ~block.white_space));
}

namespace {

[[gnu::always_inline]] inline uint64_t odd_up_to(uint64_t bits) {
  for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// A bit for each member of JsonBlock, in their order.
constexpr std::array<uint8_t, 256> make_classes() {
  std::array<uint8_t, 256> classes{};
  const auto add = [&](unsigned bit, std::string_view bytes) {
    for (const char c : bytes) classes[static_cast<unsigned char>(c)] |= static_cast<uint8_t>(1 << bit);
  };
  add(0, "\"");
  add(1, "\\");
  for (size_t c = 0; c < 0x20; ++c) classes[c] = 1 << 2;
  add(3, " \t\n\r");
  add(4, "{}[]:,");
  for (size_t c = 0x80; c < 0x100; ++c) classes[c] = 1 << 5;
  return classes;
}
constexpr std::array<uint8_t, 256> kClasses = make_classes();

uint64_t of_portable(JsonTokens& tokens, const char* at) {
  JsonBlock block{};
  for (unsigned i = 0; i < JsonTokens::kBlock; i += 8) {
    uint64_t classes = 0;
    for (unsigned k = 0; k < 8; ++k) classes |= uint64_t{kClasses[static_cast<unsigned char>(at[i + k])]} << 8 * k;
    // The multiplication moves a bit of each byte to the top one.
    const auto put = [&](unsigned bit, uint64_t& bits) {
      bits |= (classes >> bit & 0x0101010101010101) * 0x0102040810204080 >> 56 << i;
    };
    put(0, block.quotes);
    put(1, block.backslashes);
    put(2, block.controls);
    put(3, block.white_space);
    put(4, block.punctuation);
    put(5, block.high);
  }
  const uint64_t quotes = tokens.take_quotes(block);
  return tokens.tokens(block, quotes, odd_up_to(quotes));
}

// For instructions that look up the low four bits of each byte: a byte is white space if it is equal to what is found.
// Punctuation is found in the same way after setting bit 5, which makes { of [ and } of ]. Four times the same sixteen.
using Table = std::array<char, 64>;
constexpr Table make_table(std::string_view wanted) {
  Table table{};
  table.fill('\xFF');
  for (const char c : wanted) {
    for (size_t i = 0; i < table.size(); i += 16) table[i + static_cast<size_t>(c & 15)] = c;
  }
  return table;
}
[[maybe_unused]] constexpr Table kWhiteSpace = make_table(" \t\n\r");
[[maybe_unused]] constexpr Table kPunctuation = make_table(":{,}");

#if defined(__x86_64__)
uint64_t of_sse2(JsonTokens& tokens, const char* at) {
  JsonBlock block{};
  for (unsigned i = 0; i < JsonTokens::kBlock; i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + i));
    const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    const auto either = [](__m128i some, char a, char b) {
      return _mm_or_si128(_mm_cmpeq_epi8(some, _mm_set1_epi8(a)), _mm_cmpeq_epi8(some, _mm_set1_epi8(b)));
    };
    const auto put = [i](__m128i found, uint64_t& bits) {
      bits |= uint64_t{static_cast<unsigned>(_mm_movemask_epi8(found))} << i;
    };
    put(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), block.quotes);
    put(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')), block.backslashes);
    put(_mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1F)), bytes), block.controls);
    put(_mm_or_si128(either(bytes, ' ', '\n'), either(bytes, '\t', '\r')), block.white_space);
    put(_mm_or_si128(either(bytes, ',', ':'), either(lower, '{', '}')), block.punctuation);
    put(bytes, block.high);
  }
  const uint64_t quotes = tokens.take_quotes(block);
  return tokens.tokens(block, quotes, odd_up_to(quotes));
}

// Multiplication without carries by a number whose bits are all set.
[[gnu::target("pclmul")]] inline uint64_t odd_up_to_pclmul(uint64_t bits) {
  const __m128i factor = _mm_set_epi64x(0, static_cast<long long>(bits));
  return static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_clmulepi64_si128(factor, _mm_set1_epi8('\xFF'), 0)));
}

[[gnu::target("avx2")]] inline uint64_t bits_of(__m256i bytes) {
  return static_cast<unsigned>(_mm256_movemask_epi8(bytes));
}

[[gnu::target("avx2,pclmul")]] uint64_t of_avx2(JsonTokens& tokens, const char* at) {
  const __m256i white_space = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kWhiteSpace.data()));
  const __m256i punctuation = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kPunctuation.data()));
  JsonBlock block{};
  for (unsigned i = 0; i < JsonTokens::kBlock; i += 32) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + i));
    const __m256i lower = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
    block.quotes |= bits_of(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"'))) << i;
    block.backslashes |= bits_of(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'))) << i;
    block.controls |= bits_of(_mm256_cmpeq_epi8(_mm256_min_epu8(bytes, _mm256_set1_epi8(0x1F)), bytes)) << i;
    block.white_space |= bits_of(_mm256_cmpeq_epi8(bytes, _mm256_shuffle_epi8(white_space, bytes))) << i;
    block.punctuation |= bits_of(_mm256_cmpeq_epi8(lower, _mm256_shuffle_epi8(punctuation, bytes))) << i;
    block.high |= bits_of(bytes) << i;
  }
  const uint64_t quotes = tokens.take_quotes(block);
  return tokens.tokens(block, quotes, odd_up_to_pclmul(quotes));
}

[[gnu::target("avx512bw,pclmul")]] uint64_t of_avx512(JsonTokens& tokens, const char* at) {
  const __m512i bytes = _mm512_loadu_si512(at);
  const __m512i lower = _mm512_or_si512(bytes, _mm512_set1_epi8(0x20));
  const __m512i white_space = _mm512_shuffle_epi8(_mm512_loadu_si512(kWhiteSpace.data()), bytes);
  const __m512i punctuation = _mm512_shuffle_epi8(_mm512_loadu_si512(kPunctuation.data()), bytes);
  const JsonBlock block = {_mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')),
                           _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\')),
                           _mm512_cmplt_epu8_mask(bytes, _mm512_set1_epi8(0x20)),
                           _mm512_cmpeq_epi8_mask(bytes, white_space),
                           _mm512_cmpeq_epi8_mask(lower, punctuation),
                           _mm512_movepi8_mask(bytes)};
  const uint64_t quotes = tokens.take_quotes(block);
  return tokens.tokens(block, quotes, odd_up_to_pclmul(quotes));
}
#elif defined(__aarch64__)
using Bytes = std::array<uint8x16_t, 4>;

// A bit for each of 64 bytes, which are 0 or 0xFF.
uint64_t bits_of(const Bytes& bytes) {
  constexpr std::array<uint8_t, 16> kBits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t bit = vld1q_u8(kBits.data());
  const uint8x16_t first = vpaddq_u8(vandq_u8(bytes[0], bit), vandq_u8(bytes[1], bit));
  const uint8x16_t second = vpaddq_u8(vandq_u8(bytes[2], bit), vandq_u8(bytes[3], bit));
  const uint8x16_t both = vpaddq_u8(first, second);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(both, both)), 0);
}

uint64_t of_neon(JsonTokens& tokens, const char* at) {
  const uint8x16_t white_space = vld1q_u8(reinterpret_cast<const uint8_t*>(kWhiteSpace.data()));
  const uint8x16_t punctuation = vld1q_u8(reinterpret_cast<const uint8_t*>(kPunctuation.data()));
  std::array<Bytes, 6> found;
  for (size_t i = 0; i < 4; ++i) {
    const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const uint8_t*>(at + 16 * i));
    const uint8x16_t lower = vorrq_u8(bytes, vdupq_n_u8(0x20));
    const uint8x16_t low_bits = vandq_u8(bytes, vdupq_n_u8(15));
    found[0][i] = vceqq_u8(bytes, vdupq_n_u8('"'));
    found[1][i] = vceqq_u8(bytes, vdupq_n_u8('\\'));
    found[2][i] = vcltq_u8(bytes, vdupq_n_u8(0x20));
    found[3][i] = vceqq_u8(bytes, vqtbl1q_u8(white_space, low_bits));
    found[4][i] = vceqq_u8(lower, vqtbl1q_u8(punctuation, low_bits));
    found[5][i] = vcgeq_u8(bytes, vdupq_n_u8(0x80));
  }
  const JsonBlock block = {bits_of(found[0]), bits_of(found[1]), bits_of(found[2]),
                           bits_of(found[3]), bits_of(found[4]), bits_of(found[5])};
  const uint64_t quotes = tokens.take_quotes(block);
  return tokens.tokens(block, quotes, odd_up_to(quotes));
}
#endif

std::vector<JsonTokens::Code> codes_of_this_machine() {
  std::vector<JsonTokens::Code> codes;
#if defined(__x86_64__)
  const bool multiplies = __builtin_cpu_supports("pclmul");
  // The first machines with AVX-512 lower their clock for it, and do not have VBMI2.
  const bool wide = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi2");
  if (multiplies && wide) codes.push_back({"avx512", of_avx512});
  if (multiplies && __builtin_cpu_supports("avx2")) codes.push_back({"avx2", of_avx2});
  codes.push_back({"sse2", of_sse2});
#elif defined(__aarch64__)
  codes.push_back({"neon", of_neon});
#endif
  codes.push_back({"portable", of_portable});
  return codes;
}

}  // namespace

const char* JsonTokens::pass_plain(const char* block) {
  bool ascii = true;
  const char* const next = block + kBlock;
  const auto plain = static_cast<size_t>(scan_string(next, ascii) - next);
  if (!ascii) high_ = 1;
  return block + plain / kBlock * kBlock;
}

std::span<const JsonTokens::Code> JsonTokens::codes() {
  static const std::vector<Code> all = codes_of_this_machine();
  return all;
}

uint64_t (*const JsonTokens::kBest)(JsonTokens& tokens, const char* at) = codes().front().of;

}  // namespace freshet::processors
