// Adler-32 (RFC 1950), which identifies the time series of metrics.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace freshet::processors {

// Of everything that was added. Eight bytes at a time and without a buffer: zlib's function adds one byte after the
// other, and what is added here is short.
class Adler32 {
 public:
  // Its eight bytes, the lowest first.
  void add(uint64_t number) { add(number, sizeof number); }
  // Eight bytes must be readable from the last one on.
  void add_padded(std::string_view text) {
    const size_t rest = text.size() % 8;
    const char* const end = text.data() + text.size() - rest;
    for (const char* at = text.data(); at != end; at += 8) add(word_at(at), 8);
    if (rest > 0) add(word_at(end) << (64 - 8 * rest), rest);
  }
  uint32_t value() const { return static_cast<uint32_t>((high_ % kModulus) << 16 | low_ % kModulus); }

 private:
  static constexpr uint64_t kModulus = 65521;
  static constexpr uint64_t kReduceAt = uint64_t{1} << 24;  // far from where 64 bits overflow

  static uint64_t word_at(const char* at) {
    uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
  }
  // The last `count` bytes of `word`, the highest being the last one; the others are 0. The products add four numbers
  // of 16 bits in their top 16 bits, each with its weight: the first of eight bytes is in `high_` eight times.
  void add(uint64_t word, uint64_t count) {
    constexpr uint64_t kEven = 0x00FF00FF00FF00FF;
    const uint64_t even = word & kEven;
    const uint64_t odd = word >> 8 & kEven;
    high_ += count * low_ + (even * 0x0008000600040002 >> 48) + (odd * 0x0007000500030001 >> 48);
    low_ += (even + odd) * 0x0001000100010001 >> 48;
    if (low_ < kReduceAt) return;
    low_ %= kModulus;
    high_ %= kModulus;
  }

  uint64_t low_ = 1;   // the sum of the bytes
  uint64_t high_ = 0;  // the sum of all values that `low_` had
};

}  // namespace freshet::processors
