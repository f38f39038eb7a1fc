#include "stream/insert_token.h"

#include <fmt/format.h>

namespace freshet::stream {
namespace {

// FNV-1a, 128 bits (prime 2^88 + 2^8 + 0x3b).
std::string fnv128(std::string_view text) {
  __extension__ using Wide = unsigned __int128;
  Wide hash = (Wide{0x6c62272e07bb0142} << 64) | 0x62b821756295c58d;
  const Wide prime = (Wide{1} << 88) | 0x13b;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= prime;
  }
  return fmt::format("{:016x}{:016x}", static_cast<uint64_t>(hash >> 64), static_cast<uint64_t>(hash));
}

}  // namespace

std::string insert_token(std::string_view topic, const std::vector<Span>& spans) {
  std::string text;
  for (const Span& span : spans) {
    fmt::format_to(std::back_inserter(text), "{}{}:{}:{}-{}", text.empty() ? "" : ",", topic, span.partition.value,
                   span.offsets.first.value, span.offsets.last.value);
  }
  return text.size() <= 200 ? text : fnv128(text);
}

std::string part_token(std::string_view batch_token, size_t begin, size_t end) {
  return fmt::format("{}/{}-{}", batch_token, begin, end);
}

}  // namespace freshet::stream
