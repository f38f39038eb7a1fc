#include "settings/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <sstream>
#include <string_view>
#include <vector>

#include "aws/aws_settings.h"
#include "settings/values.h"

namespace freshet::settings {
namespace {

constexpr std::string_view kNameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

bool has_space(const std::string& text) { return text.find_first_of(" \t\r\n") != std::string::npos; }

// For kafka://h:1, PLAINTEXT://h:1: names the scheme and says what to write instead.
Status no_scheme(const std::string& text) {
  const size_t at = text.find("://");
  if (at == std::string::npos) return {};
  const std::string scheme = lower_case(text.substr(0, at));
  for (const char* protocol : {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"}) {
    if (scheme != protocol) continue;
    return wrong(fmt::format("has the scheme {}://; write HOST:PORT here and --kafka-security-protocol {}",
                             text.substr(0, at), protocol));
  }
  return wrong(fmt::format("has the scheme {}://, but a broker has none; write HOST:PORT", text.substr(0, at)));
}

Status broker(const std::string& text) {
  if (text.empty()) return wrong("has an empty entry (a comma too many); write HOST:PORT[,HOST:PORT...]");
  if (Status plain = no_scheme(text); !plain) return plain;
  if (has_space(text)) return wrong("has a space in it; separate brokers by commas alone");
  if (text.find('@') != std::string::npos) {
    return wrong("holds a login; use --kafka-sasl-username and --kafka-sasl-password-file");
  }
  if (text.find('/') != std::string::npos) return wrong("has a path; write HOST:PORT[,HOST:PORT...]");
  const bool bracketed = text.front() == '[';
  const size_t host_end = bracketed ? text.find(']') : text.find(':');
  if (!bracketed && std::count(text.begin(), text.end(), ':') > 1) {
    return wrong("has several colons; an IPv6 address stands in brackets: [::1]:9092");
  }
  if (host_end == 0) return wrong("names no host; write HOST:PORT");
  const size_t colon = bracketed && host_end != std::string::npos ? host_end + 1 : host_end;
  if (colon == std::string::npos || colon >= text.size()) {
    return wrong(fmt::format("has no port; Kafka's usual one is 9092: {}:9092", text));
  }
  if (text[colon] != ':') return wrong("is not of the form HOST:PORT[,HOST:PORT...]");
  const std::string port = text.substr(colon + 1);
  if (!is_port(port)) return wrong(fmt::format("has the port '{}'; use 1 to 65535", port));
  return {};
}

}  // namespace

Status broker_list(const std::string& text) {
  if (text.empty()) return wrong("is empty; write HOST:PORT[,HOST:PORT...]");
  for (size_t begin = 0; begin <= text.size();) {
    const size_t comma = std::min(text.find(',', begin), text.size());
    if (Status one = broker(text.substr(begin, comma - begin)); !one) return one;
    begin = comma + 1;
  }
  return {};
}

Status topic_name(const std::string& text) {
  constexpr size_t kLongest = 249;
  if (text.empty()) return wrong("is empty");
  if (text.find(',') != std::string::npos) {
    return wrong("names several topics; a process reads one topic into one table: start one process for each");
  }
  if (text.find_first_of("^$*+?()[]{}|\\") != std::string::npos) {
    return wrong("looks like a pattern; topics are read by their exact name, one in a process");
  }
  if (has_space(text)) return wrong("has white space in it, which no topic has");
  if (text.find_first_not_of(kNameCharacters) != std::string::npos || text == "." || text == "..") {
    return wrong("is not a topic name; letters, digits, '.', '_' and '-' are allowed");
  }
  if (text.size() > kLongest) return wrong(fmt::format("is longer than a topic's name may be ({})", kLongest));
  return {};
}

Status sasl_mechanism(const std::string& text) {
  constexpr std::array kMechanisms = {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "GSSAPI"};
  const auto letters = [](const std::string& name) {
    std::string out;
    for (const char c : upper_case(name)) {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0) out += c;
    }
    return out;
  };
  if (letters(text) == "AWSMSKIAM") {
    return wrong("is the name of Java's clients; write OAUTHBEARER, and add --kafka-msk-iam-region");
  }
  for (const char* mechanism : kMechanisms) {
    if (text == mechanism) return {};
    if (upper_case(text) == mechanism) return wrong(fmt::format("is written in capitals: {}", mechanism));
    if (letters(text) == letters(mechanism)) return wrong(fmt::format("is written {}", mechanism));
  }
  return wrong("is none of: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, GSSAPI");
}

Result<std::string> aws_region(const std::string& text) {
  if (text == "auto") return std::string();
  const std::string fault = aws::region_fault(text);
  if (fault.empty()) return text;
  return wrong(fault + ", or auto for that of AWS_REGION or the profile");
}

Status url(const std::string& text) {
  if (text.empty()) return wrong("is empty; write http://HOST:8123");
  const bool http = text.starts_with("http://") || text.starts_with("https://");
  if (const size_t at = text.find("://"); !http && at != std::string::npos) {
    const std::string scheme = lower_case(text.substr(0, at));
    if (scheme == "http" || scheme == "https") {
      return wrong(fmt::format("has its scheme in capitals; write {}{}", scheme, text.substr(at)));
    }
    return wrong(
        fmt::format("has the scheme {}://; freshet speaks HTTP: it is not of the form http://HOST:PORT or "
                    "https://HOST:PORT (usually 8123 and 8443)",
                    text.substr(0, at)));
  }
  if (!http && (text.starts_with("http:") || text.find('/') != std::string::npos || text.starts_with("https:"))) {
    return wrong("is not of the form http://HOST:PORT or https://HOST:PORT");
  }
  if (!http) return wrong(fmt::format("has no scheme; write http://{0} or https://{0}", text));
  std::string rest = text.substr(text.find("://") + 3);
  if (rest.find('@') != std::string::npos) {
    return wrong("holds a login; use --clickhouse-user and --clickhouse-password-file, which are never logged");
  }
  if (rest.find(',') != std::string::npos) {
    return wrong("names several hosts; give each with a --clickhouse-url of its own");
  }
  if (rest.ends_with('/')) rest.pop_back();
  if (rest.find_first_of("/?#") != std::string::npos) {
    return wrong("has a path or query; use http://HOST:PORT and --clickhouse-setting for settings");
  }
  if (has_space(text)) return wrong("has a space in it; give each host with a --clickhouse-url of its own");
  const size_t colon = rest.ends_with(']') ? std::string::npos : rest.rfind(':');
  if (rest.empty() || colon == 0) return wrong("names no host; it is not of the form http://HOST:PORT");
  if (colon == std::string::npos) return {};
  const std::string port = rest.substr(colon + 1);
  if (!is_port(port)) return wrong(fmt::format("has the port '{}'; use 1 to 65535", port));
  return {};
}

}  // namespace freshet::settings
