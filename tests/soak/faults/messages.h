// The messages of a run, for the load that writes them and the verifier that reads them.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::faults {

enum class Message { Good, Malformed, Rejected };  // rejected: by the table

constexpr uint64_t kOneInMalformed = 2'000;
constexpr uint64_t kOneInRejected = 10'000;

inline std::string message_of(uint64_t id, bool by_constraint) {
  if (id % kOneInMalformed == 777) return fmt::format(R"({{"id":{},"amount":1,"text":"cut o)", id);
  if (id % kOneInRejected == 4'321)
    return fmt::format(R"({{"id":{},"amount":{}}})", id, by_constraint ? "-1" : "\"x\"");
  return fmt::format(R"({{"id":{},"amount":{},"text":"event {}"}})", id, id % 1000, id);
}

inline Message kind_of(std::string_view message) {
  if (!message.ends_with('}')) return Message::Malformed;
  const bool rejected = message.ends_with(R"("amount":-1})") || message.ends_with(R"("amount":"x"})");
  return rejected ? Message::Rejected : Message::Good;
}

inline std::optional<uint64_t> id_of(std::string_view message) {
  constexpr std::string_view kStart = R"({"id":)";
  uint64_t id = 0;
  if (!message.starts_with(kStart)) return std::nullopt;
  const auto end = std::from_chars(message.data() + kStart.size(), message.data() + message.size(), id);
  return end.ec == std::errc() ? std::optional(id) : std::nullopt;
}

}  // namespace freshet::faults
