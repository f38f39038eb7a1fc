#include "runtime_config/option_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace freshet::runtime_config {
namespace {

// Names the valid range.
std::string hint(const Range& range) {
  const std::string_view unit = range.unit == "ms" ? " (milliseconds)" : range.unit == "s" ? " (seconds)" : "";
  return range.most == Range::kAny ? fmt::format("use {} or more{}", range.least, unit)
                                   : fmt::format("use {} to {}{}", range.least, range.most, unit);
}

}  // namespace

Status read_integer(std::string_view text, const Range& range, int64_t& target) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    return failure(ErrorKind::Invalid, "is not a whole number; " + hint(range));
  }
  if (value < range.least || value > range.most) {
    return failure(ErrorKind::Invalid, "is out of range; " + hint(range));
  }
  target = value;
  return {};
}

Status read_number(std::string_view text, double least, double most, double& target) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || !std::isfinite(value) ||
      value < least || value > most) {
    return failure(ErrorKind::Invalid, fmt::format("is not a number from {} to {}", least, most));
  }
  target = value;
  return {};
}

Status read_value(std::string_view text, const Range& range, double& target) {
  return read_number(text, static_cast<double>(range.least), static_cast<double>(range.most), target);
}

Status read_value(std::string_view text, const Range& range, std::optional<int64_t>& target) {
  int64_t value = 0;
  const Status status = read_integer(text, range, value);
  if (status) target = value;
  return status;
}

Status read_value(std::string_view text, const Range& range, std::chrono::milliseconds& target) {
  int64_t ms = 0;
  const Status status = read_integer(text, range, ms);
  if (status) target = std::chrono::milliseconds(ms);
  return status;
}

Status read_value(std::string_view text, const Range& range, std::chrono::seconds& target) {
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool beyond = error == std::errc::result_out_of_range && end == text.data() + text.size();
  if (beyond && range.most == Range::kAny && !text.starts_with('-')) {
    target = std::chrono::seconds::max();
    return {};
  }
  const Status status = read_integer(text, range, seconds);
  if (status) target = std::chrono::seconds(seconds);
  return status;
}

Status read_value(std::string_view text, const Range&, bool& target) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower != "1" && lower != "true" && lower != "0" && lower != "false") {
    return failure(ErrorKind::Invalid, "is none of: 1, true, 0, false");
  }
  target = lower == "1" || lower == "true";
  return {};
}

Status read_value(std::string_view text, const Range&, LogLevel& target) {
  const auto level = log_level_from(text);
  if (!level) return failure(ErrorKind::Invalid, "is none of: debug, info, warn, error");
  target = *level;
  return {};
}

Status read_word(std::string_view text, std::string& target) {
  const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return (std::isalnum(c) != 0 && c < 0x80) || c == '_' || c == '-' || c == '.';
  });
  if (text.empty() || !plain) return failure(ErrorKind::Invalid, "is not a word of letters, digits, '_', '-' and '.'");
  target = text;
  return {};
}

std::string shown(const std::optional<int64_t>& value) { return value ? fmt::format("{}", *value) : "none"; }
std::string shown(std::chrono::milliseconds value) { return fmt::format("{}", value.count()); }
std::string shown(std::chrono::seconds value) { return fmt::format("{}", value.count()); }
std::string shown(LogLevel value) { return to_string(value); }
std::string shown(const std::string& value) { return value; }
std::string shown(double value) { return fmt::format("{}", value); }
std::string shown(bool value) { return fmt::format("{}", value); }
std::string shown(uint32_t value) { return fmt::format("{}", value); }
std::string shown(uint64_t value) { return fmt::format("{}", value); }

}  // namespace freshet::runtime_config
