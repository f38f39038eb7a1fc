#include "processors/python/python_ids.h"

#include <algorithm>
#include <string>

#include "processors/python/python_numbers.h"

namespace freshet::processors {
namespace {

constexpr size_t kUuidDigits = 32;
constexpr size_t kHyphenated = 36;

void remove_all(std::string_view what, std::string& text) {
  std::string rest;
  size_t from = 0;
  for (size_t at; (at = text.find(what, from)) != std::string::npos; from = at + what.size()) {
    rest.append(text, from, at - from);
  }
  text.replace(0, from, rest);
}

size_t count_code_points(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::optional<Uuid> parse_loosely(std::string text) {
  remove_all("urn:", text);
  remove_all("uuid:", text);
  const size_t first = std::min(text.find_first_not_of("{}"), text.size());
  text.erase(0, first);
  text.erase(text.find_last_not_of("{}") + 1);
  std::erase(text, '-');
  if (count_code_points(text) != kUuidDigits) return std::nullopt;
  bool negative = false;
  std::string digits;
  if (!read_integer_text(text, 16, negative, digits)) return std::nullopt;
  return Uuid::parse(std::string(kUuidDigits - digits.size(), '0') + digits);
}

}  // namespace

std::optional<Uuid> parse_python_uuid(std::string_view text) {
  if (text.size() == kUuidDigits || text.size() == kHyphenated) {
    if (const auto uuid = Uuid::parse(text)) return uuid;
  }
  return parse_loosely(std::string(text));
}

std::optional<PythonIp> parse_python_ip(std::string_view text) {
  const size_t percent = text.find('%');
  const auto address = IpAddress::parse(text.substr(0, percent));
  if (!address) return std::nullopt;
  if (percent == std::string_view::npos) return PythonIp{*address, {}};
  const std::string_view zone = text.substr(percent);
  const bool good = address->v6 && zone.size() > 1 && zone.find('%', 1) == std::string_view::npos &&
                    zone.find('/') == std::string_view::npos;
  return good ? std::optional(PythonIp{*address, zone}) : std::nullopt;
}

}  // namespace freshet::processors
