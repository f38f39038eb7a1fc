// Parses and prints values of live options. The text of a refusal says what would be valid.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "runtime_config/table.h"

namespace freshet::runtime_config {

// Integers are decimal digits with an optional sign, as in Snuba's Redis hash.
Status read_integer(std::string_view text, const Range& range, int64_t& target);
Status read_number(std::string_view text, double least, double most, double& target);

template <std::integral T>
Status read_value(std::string_view text, const Range& range, T& target) {
  int64_t value = 0;
  const Status status = read_integer(text, range, value);
  if (status) target = static_cast<T>(value);
  return status;
}
Status read_value(std::string_view text, const Range& range, double& target);
Status read_value(std::string_view text, const Range& range, std::optional<int64_t>& target);
Status read_value(std::string_view text, const Range& range, std::chrono::milliseconds& target);
// Without an upper bound, a value beyond 64 bits becomes the largest duration.
Status read_value(std::string_view text, const Range& range, std::chrono::seconds& target);
// "1", "true", "0" or "false", case-insensitive.
Status read_value(std::string_view text, const Range& range, bool& target);
Status read_value(std::string_view text, const Range& range, LogLevel& target);
// For values that become part of a URL without encoding.
Status read_word(std::string_view text, std::string& target);

std::string shown(const std::optional<int64_t>& value);
std::string shown(std::chrono::milliseconds value);
std::string shown(std::chrono::seconds value);
std::string shown(LogLevel value);
std::string shown(const std::string& value);
std::string shown(double value);
std::string shown(bool value);
std::string shown(uint32_t value);
std::string shown(uint64_t value);

}  // namespace freshet::runtime_config
