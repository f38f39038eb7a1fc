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

// What the messages of a run look like.
struct MessageForm {
  bool by_constraint = false;  // a row is rejected by a constraint of the table; otherwise by the type of a column
  bool typed = false;          // of a data set whose rows may have the types of the table; requires by_constraint
};

constexpr uint64_t kOneInMalformed = 2'000;
constexpr uint64_t kOneInRejected = 10'000;

// Of the data set ProfileChunksProcessor.
inline std::string typed_message(uint64_t id, std::string_view environment) {
  return fmt::format(
      R"({{"id":{},"project_id":{},"profiler_id":"0123456789abcdef0123456789abcdef","chunk_id":"{:032x}",)"
      R"("start_timestamp":{}.25,"end_timestamp":1790000001.5,"received":1790000002,"environment":"{}"}})",
      id, id, id, 1'780'000'000 + id % 10'000'000, environment);
}

inline std::string message_of(uint64_t id, const MessageForm& form) {
  if (id % kOneInMalformed == 777) return fmt::format(R"({{"id":{},"amount":1,"text":"cut o)", id);
  const bool rejected = id % kOneInRejected == 4'321;
  if (form.typed) return typed_message(id, rejected ? "rejected" : "production");
  if (rejected) return fmt::format(R"({{"id":{},"amount":{}}})", id, form.by_constraint ? "-1" : "\"x\"");
  return fmt::format(R"({{"id":{},"amount":{},"text":"event {}"}})", id, id % 1000, id);
}

inline Message kind_of(std::string_view message) {
  if (!message.ends_with('}')) return Message::Malformed;
  const bool rejected = message.ends_with(R"("amount":-1})") || message.ends_with(R"("amount":"x"})") ||
                        message.ends_with(R"("environment":"rejected"})");
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
