#include "processors/values/uuid.h"

namespace freshet::processors {

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

}  // namespace freshet::processors
