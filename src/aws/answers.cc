#include "aws/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "aws/credential_check.h"
#include "base/json.h"

namespace freshet::aws {
namespace {

constexpr size_t kMostShown = 200;

// From an outside text, for an error.
std::string shown(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  return text.substr(0, kMostShown);
}

tl::unexpected<Error> no_credentials(const std::string& why) {
  return failure(ErrorKind::Retry, "has no credentials" + (why.empty() ? std::string() : ": " + shown(why)));
}

Result<Credentials> checked_answer(Credentials credentials, const std::string& expires) {
  auto good = checked(std::move(credentials), kAnswerNames);
  if (!good) return no_credentials(good.error().text);
  if (!expires.empty()) {
    good->expires = time_in(expires);
    if (!good->expires) return no_credentials("their expiration is not a time: " + expires);
  }
  return good;
}

std::string text_at(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_string() ? std::string() : found->get<std::string>();
}

// The text of the first element of this name.
std::string element(std::string_view xml, std::string_view name) {
  const std::string begin = fmt::format("<{}>", name);
  const size_t first = xml.find(begin);
  if (first == std::string_view::npos) return {};
  const size_t from = first + begin.size();
  const size_t end = xml.find(fmt::format("</{}>", name), from);
  return end == std::string_view::npos ? std::string() : std::string(xml.substr(from, end - from));
}

std::optional<int> number(std::string_view text, size_t at, size_t digits) {
  if (at + digits > text.size()) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(at, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

// Z, or +01:00 as minutes.
std::optional<int> offset_in(std::string_view zone) {
  if (zone == "Z" || zone == "z") return 0;
  const auto hours = number(zone, 1, 2);
  const auto minutes = number(zone, 4, 2);
  if (zone.size() != 6 || (zone[0] != '+' && zone[0] != '-') || zone[3] != ':' || !hours || !minutes) {
    return std::nullopt;
  }
  return (zone[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
}

}  // namespace

std::optional<SystemTime> time_in(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() < kForm.size()) return std::nullopt;
  for (size_t at = 0; at < kForm.size(); ++at) {
    if (kForm[at] != '0' && text[at] != kForm[at]) return std::nullopt;
  }
  std::array<int, 6> parts{};
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto part = i == 0 ? number(text, 0, 4) : number(text, 2 + 3 * i, 2);
    if (!part) return std::nullopt;
    parts[i] = *part;
  }
  const auto& [year, month, day, hour, minute, second] = parts;
  // Nanoseconds since 1970 fit 64 bits until 2262.
  const bool valid = year >= 1970 && year < 2262 && month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour < 24 &&
                     minute < 60 && second <= 60;
  if (!valid) return std::nullopt;
  size_t at = kForm.size();
  if (at < text.size() && text[at] == '.') at = std::min(text.find_first_not_of("0123456789", at + 1), text.size());
  const auto offset = offset_in(text.substr(at));
  if (!offset) return std::nullopt;
  std::tm parsed{};
  parsed.tm_year = year - 1900;
  parsed.tm_mon = month - 1;
  parsed.tm_mday = day;
  parsed.tm_hour = hour;
  parsed.tm_min = minute - *offset;
  parsed.tm_sec = second;
  return SystemTime(std::chrono::seconds(timegm(&parsed)));
}

Result<Credentials> credentials_in_json(std::string_view text) {
  const nlohmann::json json = parse_json(text);
  if (!json.is_object()) return failure(ErrorKind::Retry, "is no JSON object");
  if (const std::string code = text_at(json, "Code"); !code.empty() && code != "Success") {
    return no_credentials(code + " " + text_at(json, "Message"));
  }
  Credentials credentials;
  credentials.access_key = text_at(json, "AccessKeyId");
  credentials.secret_key = text_at(json, "SecretAccessKey");
  const std::string token = text_at(json, "Token");
  credentials.session_token = token.empty() ? text_at(json, "SessionToken") : token;
  return checked_answer(std::move(credentials), text_at(json, "Expiration"));
}

Result<Credentials> credentials_in_xml(std::string_view text) {
  if (const std::string code = element(text, "Code"); !code.empty()) {
    return no_credentials(code + ": " + element(text, "Message"));
  }
  Credentials credentials;
  credentials.access_key = element(text, "AccessKeyId");
  credentials.secret_key = element(text, "SecretAccessKey");
  credentials.session_token = element(text, "SessionToken");
  return checked_answer(std::move(credentials), element(text, "Expiration"));
}

}  // namespace freshet::aws
