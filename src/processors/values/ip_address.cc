#include "processors/values/ip_address.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace freshet::processors {
namespace {

char* write_v4(const uint8_t* bytes, char* out) {
  for (int i = 0; i < 4; ++i) {
    if (i > 0) *out++ = '.';
    out = std::to_chars(out, out + 3, bytes[i]).ptr;
  }
  return out;
}

struct Run {
  int begin = 0;
  int size = 0;
};

Run longest_zeros(const std::array<unsigned, 8>& groups) {
  Run best;
  Run run;
  for (int i = 0; i < 8; ++i) {
    if (groups[static_cast<size_t>(i)] != 0) {
      run = {i + 1, 0};
      continue;
    }
    ++run.size;
    if (run.size > best.size) best = run;
  }
  return best;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN + 1> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(terminated.data(), text.data(), text.size());
  IpAddress address;
  if (inet_pton(AF_INET, terminated.data(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, terminated.data(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

char* IpAddress::write(char* out) const {
  if (!v6) return write_v4(bytes.data(), out);
  constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::memcmp(bytes.data(), kMapped.data(), kMapped.size()) == 0) {
    std::memcpy(out, "::ffff:", 7);
    return write_v4(&bytes[12], out + 7);
  }
  std::array<unsigned, 8> groups{};
  for (size_t i = 0; i < 8; ++i) groups[i] = bytes[2 * i] * 256u + bytes[2 * i + 1];
  const Run zeros = longest_zeros(groups);
  for (int i = 0; i < 8; ++i) {
    if (zeros.size > 1 && i == zeros.begin) {
      *out++ = ':';
      *out++ = ':';
      i += zeros.size - 1;
      continue;
    }
    if (i > 0 && out[-1] != ':') *out++ = ':';
    out = std::to_chars(out, out + 4, groups[static_cast<size_t>(i)], 16).ptr;
  }
  return out;
}

}  // namespace freshet::processors
