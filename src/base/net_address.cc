#include "base/net_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace freshet {
namespace {

constexpr size_t kLongestName = 253;  // RFC 1035
constexpr size_t kLongestLabel = 63;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

template <int Family, size_t Size>
std::optional<std::array<unsigned char, Size>> address_bytes(const std::string& host) {
  std::array<unsigned char, Size> bytes{};
  if (host.find('\0') != std::string::npos) return std::nullopt;  // inet_pton() would stop reading there
  if (inet_pton(Family, host.c_str(), bytes.data()) != 1) return std::nullopt;
  return bytes;
}

auto v4_bytes(const std::string& host) { return address_bytes<AF_INET, 4>(host); }
auto v6_bytes(const std::string& host) { return address_bytes<AF_INET6, 16>(host); }

bool is_label(std::string_view label) {
  if (label.empty() || label.size() > kLongestLabel || label.front() == '-' || label.back() == '-') return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '_'; });
}

// Browsers read a name that ends in a number as an address; other clients do not.
bool ends_in_number(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') + 1);  // npos + 1 is 0
  return std::all_of(last.begin(), last.end(), is_digit) || last.starts_with("0x");
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kLongestName || ends_in_number(name)) return false;
  for (std::string_view rest = name;;) {
    const size_t dot = rest.find('.');
    if (!is_label(rest.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    rest.remove_prefix(dot + 1);
  }
}

std::optional<uint16_t> port_of(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

struct Halves {
  std::string_view host;
  std::string_view port;  // including its colon; empty = none
  bool bracketed = false;
};

std::optional<Halves> split(std::string_view text) {
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    return Halves{text.substr(1, end - 1), text.substr(end + 1), true};
  }
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return Halves{text, {}, false};
  return Halves{text.substr(0, colon), text.substr(colon), false};
}

}  // namespace

bool NetAddress::is_loopback() const {
  if (kind == Kind::Name) return host == "localhost";
  if (kind == Kind::V4) return v4_bytes(host).value_or(std::array<unsigned char, 4>{})[0] == 127;
  const auto bytes = v6_bytes(host).value_or(std::array<unsigned char, 16>{});
  const bool zeros = std::all_of(bytes.begin(), bytes.begin() + 10, [](unsigned char b) { return b == 0; });
  if (zeros && bytes[10] == 0xff && bytes[11] == 0xff) return bytes[12] == 127;
  return zeros && std::all_of(bytes.begin() + 10, bytes.begin() + 15, [](unsigned char b) { return b == 0; }) &&
         bytes[15] == 1;
}

std::string NetAddress::url_host() const { return kind == Kind::V6 ? "[" + host + "]" : host; }

std::optional<NetAddress> parse_net_address(std::string_view text) {
  const auto halves = split(text);
  if (!halves) return std::nullopt;
  NetAddress address;
  if (!halves->port.empty()) {
    if (halves->port.front() != ':') return std::nullopt;
    address.port = port_of(halves->port.substr(1));
    if (!address.port) return std::nullopt;
  }
  address.host = lower(halves->host);
  if (halves->bracketed) {
    address.kind = NetAddress::Kind::V6;
    return v6_bytes(address.host) ? std::optional(address) : std::nullopt;
  }
  if (address.host.size() > 1 && address.host.ends_with('.')) address.host.pop_back();
  if (v4_bytes(address.host)) {
    address.kind = NetAddress::Kind::V4;
    return address;
  }
  return is_name(address.host) ? std::optional(address) : std::nullopt;
}

Result<NetAddress> parse_listen_address(std::string_view text) {
  const auto wrong = [](std::string what) { return failure(ErrorKind::Fatal, std::move(what)); };
  if (text.starts_with(':') && port_of(text.substr(1))) {
    return wrong(
        fmt::format("names no address: 127.0.0.1{0} is for this machine only, 0.0.0.0{0} for every network", text));
  }
  if (text.find("://") != std::string_view::npos) {
    return wrong("is a URL; write only its ADDRESS:PORT, for example 127.0.0.1:8080");
  }
  if (std::count(text.begin(), text.end(), ':') > 1 && !text.starts_with('[')) {
    return wrong("an IPv6 address stands in brackets: [::1]:8080");
  }
  std::string plain(text);
  if (plain.starts_with("*:")) plain.replace(0, 1, "0.0.0.0");
  const auto address = parse_net_address(plain);
  if (!address || !address->port) return wrong("is not of the form ADDRESS:PORT, for example 127.0.0.1:8080");
  return *address;
}

}  // namespace freshet
