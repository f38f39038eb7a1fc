#include "processors/values/uuid.h"

#include <cstring>

#include "processors/json/hex_digits.h"

namespace freshet::processors {
namespace {

constexpr size_t kDigits = 32;

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

Uuid Uuid::version_4(const std::array<uint8_t, 16>& bytes) {
  Uuid uuid{bytes};
  uuid.bytes[6] = static_cast<uint8_t>((uuid.bytes[6] & 0x0F) | 0x40);
  uuid.bytes[8] = static_cast<uint8_t>((uuid.bytes[8] & 0x3F) | 0x80);
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
