#include "base/secret_mask.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <set>

namespace freshet {
namespace {

constexpr std::string_view kMask = "***";
constexpr size_t kLeastBase64 = 6;  // shorter pieces of Base64 occur too often in other texts

// As in the query of a URL.
std::string percent_encoded(std::string_view text, fmt::format_string<unsigned> digits, bool plus_for_blank) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else if (c == ' ' && plus_for_blank) {
      out += '+';
    } else {
      out += fmt::format(digits, static_cast<unsigned>(byte));
    }
  }
  return out;
}

// As in a string literal of JSON or SQL.
std::string in_quotes(std::string_view text, char quote) {
  std::string out;
  for (const char c : text) {
    if (c == quote || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// The Base64 digits that depend on `text` alone if `before` (0 to 2) other bytes precede it in its group of three.
std::string base64_within(std::string_view text, size_t before, std::string_view last_digits) {
  const std::string digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + std::string(last_digits);
  const std::string bytes = std::string(before, '\0') + std::string(text);
  std::string out;
  const size_t first = (before * 8 + 5) / 6;
  for (size_t digit = first; (digit + 1) * 6 <= bytes.size() * 8; ++digit) {
    const size_t bit = digit * 6;
    const auto byte = [&](size_t at) { return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U; };
    const unsigned pair = byte(bit / 8) << 8 | byte(bit / 8 + 1);
    out += digits[pair >> (10 - bit % 8) & 63];
  }
  return out.size() < kLeastBase64 ? std::string() : out;
}

std::set<std::string> forms_of(const std::string& secret) {
  std::set<std::string> forms = {secret, in_quotes(secret, '"'), in_quotes(secret, '\'')};
  for (const bool plus : {false, true}) {
    forms.insert(percent_encoded(secret, "%{:02X}", plus));
    forms.insert(percent_encoded(secret, "%{:02x}", plus));
  }
  for (const size_t before : {0, 1, 2}) {
    for (const char* last_digits : {"+/", "-_"}) forms.insert(base64_within(secret, before, last_digits));
  }
  forms.erase(std::string());
  return forms;
}

}  // namespace

SecretMask::SecretMask(const std::vector<std::string>& secrets) : given_(secrets) {
  MutexLock lock(mutex_);
  for (const std::string& secret : given_) know(secret);
}

void SecretMask::add(const std::string& secret, const std::string& what) {
  if (secret.empty() || std::find(given_.begin(), given_.end(), secret) != given_.end()) return;
  MutexLock lock(mutex_);
  std::deque<std::string>& learned = learned_[what];
  if (const auto known = std::find(learned.begin(), learned.end(), secret); known != learned.end()) {
    learned.erase(known);  // it is the newest now
  }
  learned.push_back(secret);
  know(secret);
  if (learned.size() <= kMostLearned) return;
  learned.pop_front();
  forms_.clear();
  for (const std::string& one : given_) know(one);
  for (const auto& [name, secrets] : learned_) {
    for (const std::string& one : secrets) know(one);
  }
}

void SecretMask::know(const std::string& secret) {
  for (const std::string& form : forms_of(secret)) {
    if (std::find(forms_.begin(), forms_.end(), form) != forms_.end()) continue;
    const auto place = std::find_if(forms_.begin(), forms_.end(),
                                    [&](const std::string& other) { return other.size() < form.size(); });
    forms_.insert(place, form);
  }
}

std::string SecretMask::masked(std::string_view text) const {
  std::string out(text);
  MutexLock lock(mutex_);
  for (const std::string& form : forms_) {
    for (size_t at = 0; (at = out.find(form, at)) != std::string::npos; at += kMask.size()) {
      out.replace(at, form.size(), kMask);
    }
  }
  return out;
}

}  // namespace freshet
