#include "settings/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <sstream>

#include "base/files.h"
#include "base/net_address.h"
#include "secrets/secret_command.h"
#include "secrets/secret_reading.h"

namespace freshet::settings {
namespace {

template <typename N>
bool parse(const std::string& text, N& out) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && stopped == end && !text.empty();
}

// Names the valid range. The maximum of the type is not a useful bound for people.
std::string range(int64_t least, int64_t most) {
  if (most == std::numeric_limits<int64_t>::max()) return fmt::format("use {} or more", least);
  return fmt::format("use {} to {}", least, most);
}

}  // namespace

bool is_port(const std::string& text) {
  int port = 0;
  return parse(text, port) && port >= 1 && port <= 65535;
}

Result<int64_t> integer(const std::string& text, int64_t least, int64_t most) {
  int64_t value = 0;
  if (!parse(text, value)) return wrong("is not a whole number; " + range(least, most));
  if (value < least || value > most) return wrong("is out of range; " + range(least, most));
  return value;
}

Result<double> decimal(const std::string& text, double least, double most) {
  double value = 0;
  if (!parse(text, value) || !std::isfinite(value))
    return wrong(fmt::format("is not a number; use {} to {}", least, most));
  if (value < least || value > most) return wrong(fmt::format("is out of range; use {} to {}", least, most));
  return value;
}

Result<bool> boolean(const std::string& text) {
  if (text == "true" || text == "1" || text == "yes") return true;
  if (text == "false" || text == "0" || text == "no") return false;
  return wrong("is neither true nor false");
}

Result<std::chrono::milliseconds> milliseconds(const std::string& text, int64_t least, int64_t most) {
  const auto value = integer(text, least, most);
  if (!value) return wrong(value.error().text + " (milliseconds)");
  return std::chrono::milliseconds(*value);
}

Result<std::chrono::seconds> seconds(const std::string& text, int64_t least, int64_t most) {
  const auto value = integer(text, least, most);
  if (!value) return wrong(value.error().text + " (seconds)");
  return std::chrono::seconds(*value);
}

Result<std::pair<std::string, std::string>> key_value(const std::string& text) {
  const size_t at = text.find('=');
  if (at == std::string::npos || at == 0) return wrong("is not of the form KEY=VALUE");
  return std::pair(text.substr(0, at), text.substr(at + 1));
}

Result<std::pair<std::string, std::string>> to_column(const std::string& text, std::string_view form) {
  const size_t at = text.find('=');
  const bool bare_allowed = form.find('[') != std::string_view::npos;
  if (at == std::string::npos && bare_allowed && !text.empty()) return std::pair(text, text);
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    return wrong(fmt::format("is not of the form {}", form));
  return std::pair(text.substr(0, at), text.substr(at + 1));
}

Status host_ports(const std::string& text) {
  if (text.find("://") != std::string::npos) return wrong("has a scheme; write HOST:PORT");
  std::istringstream list(text);
  bool any = false;
  for (std::string one; std::getline(list, one, ',');) {
    any = true;
    const size_t colon = one.rfind(':');
    if (colon == std::string::npos || colon == 0 || !is_port(one.substr(colon + 1))) {
      return wrong("is not of the form HOST:PORT[,HOST:PORT...]");
    }
  }
  if (!any || text.back() == ',') return wrong("is not of the form HOST:PORT[,HOST:PORT...]");
  return {};
}

Status server_address(const std::string& text) {
  if (text.find("://") != std::string::npos) return wrong("has a scheme; write HOST:PORT");
  const auto address = parse_net_address(text);
  if (address && address->port && *address->port != 0) return {};
  return wrong("is not of the form HOST:PORT, for example 127.0.0.1:8080");
}

Status listen_address(const std::string& text) {
  const auto address = parse_listen_address(text);
  return address ? Status() : wrong(address.error().text);
}

Result<std::string> host_name(const std::string& text) {
  const auto address = parse_net_address(text);
  if (!address || address->port) return wrong("is not a host name like freshet.example.com, without a port");
  return address->host;
}

Status statsd_address(const std::string& text) {
  for (const std::string scheme : {"unixgram://", "unix://"}) {
    if (text.starts_with(scheme) && text.size() > scheme.size() && text.find(',') == std::string::npos) return {};
  }
  const std::string host = text.starts_with("udp://") ? text.substr(6) : text;
  if (host.find_first_of("/,") == std::string::npos && host_ports(host)) return {};
  return wrong("is not of the form udp://HOST:PORT, unixgram://PATH or unix://PATH");
}

Status sentry_dsn(const std::string& text) {
  const size_t scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  const size_t at = text.find('@');
  const size_t project = text.rfind('/');
  const bool right = scheme > 0 && at != std::string::npos && at > scheme && project != std::string::npos &&
                     project > at + 1 && project + 1 < text.size();
  if (!right) return wrong("is not of the form https://PUBLIC_KEY@HOST/PROJECT");
  return {};
}

Result<secrets::SecretSource> secret_source(const std::string& from, SecretForm form) {
  const auto secret = secrets::read_from(from, form);
  if (secret) {
    secrets::SecretSource source(secret->reveal(), from);
    source.form = form;
    return source;
  }
  const std::string& why = secret.error().text;
  if (secrets::command_in(from))
    return wrong(fmt::format("{}; name a command that prints nothing but the secret", why));
  return wrong(fmt::format("{}; name a file that holds nothing but the secret", why));
}

Status pem_source(const std::string& from, std::string& file, secrets::SecretSource& source) {
  if (!secrets::command_in(from)) {
    const Status readable = readable_file(from);
    if (readable) file = from;
    return readable;
  }
  auto read = secret_source(from, SecretForm::Lines);
  if (!read) return tl::make_unexpected(read.error());
  source = *std::move(read);
  return {};
}

Status readable_file(const std::string& path) {
  const Status regular = check_regular_file(path);
  return regular ? regular : wrong(regular.error().text);
}

Status kafka_file_property(const std::string& property, const std::string& value) {
  constexpr std::array kFiles = {"ssl.ca.location",       "ssl.certificate.location", "ssl.key.location",
                                 "ssl.keystore.location", "ssl.crl.location",         "sasl.kerberos.keytab"};
  std::error_code error;
  if (std::find(kFiles.begin(), kFiles.end(), property) == kFiles.end() || value == "probe" ||
      std::filesystem::is_directory(value, error)) {
    return {};
  }
  const Status regular = check_regular_file(value);
  return regular ? regular : wrong(fmt::format("names a file that {}", regular.error().text));
}

Status writable_file(const std::string& path) {
  const std::filesystem::path file(path);
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  std::error_code error;
  if (file.filename().empty() || std::filesystem::is_directory(file, error)) return wrong("is a folder; name a file");
  if (!std::filesystem::is_directory(folder, error)) return wrong("lies in no folder that exists");
  const auto there = std::filesystem::symlink_status(file, error);
  if (std::filesystem::exists(there) && !std::filesystem::is_regular_file(there)) {
    return wrong("is a link, a pipe or a device; name a regular file, or one that does not exist yet");
  }
  return {};
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Result<int64_t> timestamp(const std::string& text) {
  int64_t number = 0;
  if (parse(text, number) && number >= 0) return number < 100'000'000'000 ? number * 1000 : number;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  const int fields =
      std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour, &minute, &second, &used);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (fields != 6 || used != static_cast<int>(text.size()) || !date.ok() || hour > 23 || minute > 59 || second > 59) {
    return wrong("is not a time; use unix seconds or milliseconds, or 2026-11-23T10:00:00Z");
  }
  const auto at = std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
                  std::chrono::seconds(second);
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace freshet::settings
