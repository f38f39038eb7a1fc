#include "base/city_hash.h"

#include <bit>
#include <cstring>
#include <utility>

namespace freshet {
namespace {

static_assert(std::endian::native == std::endian::little, "the hash reads little-endian words");

constexpr uint64_t k0 = 0xc3a5c85c97cb3127;
constexpr uint64_t k1 = 0xb492b66fbe98f273;
constexpr uint64_t k2 = 0x9ae16a3b2f90404f;
constexpr uint64_t k3 = 0xc949d7c7509e6557;
constexpr uint64_t kMix = 0x9ddfea08eb382d69;

template <typename Word>
uint64_t word_at(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
uint64_t fetch(const char* at) { return word_at<uint64_t>(at); }
uint64_t rotate(uint64_t v, int by) { return std::rotr(v, by); }
uint64_t shift_mix(uint64_t v) { return v ^ (v >> 47); }

uint64_t fold(uint64_t u, uint64_t v) {
  const uint64_t a = shift_mix((u ^ v) * kMix);
  return shift_mix((v ^ a) * kMix) * kMix;
}

uint64_t hash_up_to_16(const char* s, size_t n) {
  if (n > 8) {
    const uint64_t a = fetch(s);
    const uint64_t b = fetch(s + n - 8);
    return fold(a, rotate(b + n, static_cast<int>(n))) ^ b;
  }
  if (n >= 4) return fold(n + (word_at<uint32_t>(s) << 3), word_at<uint32_t>(s + n - 4));
  if (n == 0) return k2;
  const auto byte = [s](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(s[i])); };
  const uint32_t y = byte(0) + (byte(n >> 1) << 8);
  const uint32_t z = static_cast<uint32_t>(n) + (byte(n - 1) << 2);
  return shift_mix((y * k2) ^ (z * k3)) * k2;
}

using Pair = std::pair<uint64_t, uint64_t>;

// Adds 32 bytes to a pair of accumulators.
Pair absorb_32(const char* s, uint64_t a, uint64_t b) {
  const uint64_t w = fetch(s);
  const uint64_t x = fetch(s + 8);
  const uint64_t y = fetch(s + 16);
  const uint64_t z = fetch(s + 24);
  a += w;
  b = rotate(b + a + z, 21);
  const uint64_t c = a;
  a += x + y;
  b += rotate(a, 44);
  return {a + z, b + c};
}

// Below 128 bytes.
Hash128 hash_short(const char* s, size_t n, uint64_t a, uint64_t b) {
  uint64_t c = 0;
  uint64_t d = 0;
  if (n <= 16) {
    a = shift_mix(a * k1) * k1;
    c = b * k1 + hash_up_to_16(s, n);
    d = shift_mix(a + (n >= 8 ? fetch(s) : c));
  } else {
    c = fold(fetch(s + n - 8) + k1, a);
    d = fold(b + n, c + fetch(s + n - 16));
    a += d;
    for (auto left = static_cast<int64_t>(n) - 16; left > 0; left -= 16, s += 16) {
      a = (a ^ (shift_mix(fetch(s) * k1) * k1)) * k1;
      b ^= a;
      c = (c ^ (shift_mix(fetch(s + 8) * k1) * k1)) * k1;
      d ^= c;
    }
  }
  a = fold(a, c);
  b = fold(d, b);
  return {a ^ b, fold(b, a)};
}

Hash128 hash_long(const char* s, size_t n, uint64_t x, uint64_t y) {
  uint64_t z = n * k1;
  Pair v;
  Pair w;
  v.first = rotate(y ^ k1, 49) * k1 + fetch(s);
  v.second = rotate(v.first, 42) * k1 + fetch(s + 8);
  w.first = rotate(y + z, 35) * k1 + x;
  w.second = rotate(x + fetch(s + 88), 53) * k1;
  for (; n >= 128; n -= 128) {
    for (int half = 0; half < 2; ++half, s += 64) {
      x = rotate(x + y + v.first + fetch(s + 16), 37) * k1;
      y = rotate(y + v.second + fetch(s + 48), 42) * k1;
      x ^= w.second;
      y ^= v.first;
      z = rotate(z ^ w.first, 33);
      v = absorb_32(s, v.second * k1, x + w.first);
      w = absorb_32(s + 32, z + w.second, y);
      std::swap(z, x);
    }
  }
  y += rotate(w.first, 37) * k0 + z;
  x += rotate(v.first + z, 49) * k0;
  // The rest in steps of 32 from the end; the last step may include bytes that were hashed before.
  for (size_t done = 0; done < n;) {
    done += 32;
    const char* at = s + n - done;
    y = rotate(y - x, 42) * k0 + v.second;
    w.first += fetch(at + 16);
    x = rotate(x, 49) * k0 + w.first;
    w.first += v.first;
    v = absorb_32(at, v.first, v.second);
  }
  x = fold(x, v.first);
  y = fold(y, w.first);
  return {fold(x + v.second, w.second) + y, fold(x + w.second, y + v.second)};
}

Hash128 hash_seeded(const char* s, size_t n, uint64_t a, uint64_t b) {
  return n < 128 ? hash_short(s, n, a, b) : hash_long(s, n, a, b);
}

}  // namespace

Hash128 city_hash_128(std::string_view bytes) {
  const char* const s = bytes.data();
  const size_t n = bytes.size();
  if (n >= 16) return hash_seeded(s + 16, n - 16, fetch(s) ^ k3, fetch(s + 8));
  if (n >= 8) return hash_seeded(nullptr, 0, fetch(s) ^ (n * k0), fetch(s + n - 8) ^ k1);
  return hash_seeded(s, n, k0, k1);
}

Hash128 city_hash_128(std::string_view bytes, Hash128 seed) {
  return hash_seeded(bytes.data(), bytes.size(), seed.low, seed.high);
}

}  // namespace freshet
