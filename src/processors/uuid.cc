#include "processors/uuid.h"

#include <cstring>

namespace freshet::processors {
namespace {

constexpr std::array<int8_t, 256> make_digits() {
  std::array<int8_t, 256> digits{};
  for (int c = 0; c < 256; ++c) digits[static_cast<size_t>(c)] = -1;
  for (int i = 0; i < 10; ++i) digits[static_cast<size_t>('0' + i)] = static_cast<int8_t>(i);
  for (int i = 0; i < 6; ++i) {
    digits[static_cast<size_t>('a' + i)] = static_cast<int8_t>(10 + i);
    digits[static_cast<size_t>('A' + i)] = static_cast<int8_t>(10 + i);
  }
  return digits;
}
constexpr std::array<int8_t, 256> kDigits = make_digits();

constexpr std::array<char, 512> make_pairs() {
  std::array<char, 512> pairs{};
  for (size_t i = 0; i < 256; ++i) {
    pairs[2 * i] = "0123456789abcdef"[i >> 4];
    pairs[2 * i + 1] = "0123456789abcdef"[i & 15];
  }
  return pairs;
}
constexpr std::array<char, 512> kPairs = make_pairs();

// Reads `bytes` bytes in hexadecimal; negative when a digit is none.
int read_hex(const char* from, size_t bytes, uint8_t* out) {
  int bad = 0;
  for (size_t i = 0; i < bytes; ++i) {
    const int high = kDigits[static_cast<unsigned char>(from[2 * i])];
    const int low = kDigits[static_cast<unsigned char>(from[2 * i + 1])];
    bad |= high | low;
    out[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return bad;
}

char* write_hex(const uint8_t* from, size_t bytes, char* out) {
  for (size_t i = 0; i < bytes; ++i) std::memcpy(out + 2 * i, &kPairs[2 * size_t{from[i]}], 2);
  return out + 2 * bytes;
}

}  // namespace

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() == 45 && text.starts_with("urn:uuid:")) text.remove_prefix(9);
  if (text.size() == 38 && text.front() == '{' && text.back() == '}') text = text.substr(1, 36);
  Uuid uuid;
  const char* at = text.data();
  if (text.size() == 32) {
    if (read_hex(at, 16, uuid.bytes.data()) < 0) return std::nullopt;
    return uuid;
  }
  if (text.size() != 36 || at[8] != '-' || at[13] != '-' || at[18] != '-' || at[23] != '-') return std::nullopt;
  const int bad = read_hex(at, 4, uuid.bytes.data()) | read_hex(at + 9, 2, &uuid.bytes[4]) |
                  read_hex(at + 14, 2, &uuid.bytes[6]) | read_hex(at + 19, 2, &uuid.bytes[8]) |
                  read_hex(at + 24, 6, &uuid.bytes[10]);
  if (bad < 0) return std::nullopt;
  return uuid;
}

void Uuid::write(char* out) const {
  out = write_hex(bytes.data(), 4, out);
  for (size_t i = 4; i < 10; i += 2) {
    *out++ = '-';
    out = write_hex(&bytes[i], 2, out);
  }
  *out++ = '-';
  write_hex(&bytes[10], 6, out);
}

void Uuid::write_simple(char* out) const { write_hex(bytes.data(), 16, out); }

}  // namespace freshet::processors
