#include "dead_letters/dead_letter_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/terminal_text.h"

namespace freshet::dead_letters {
namespace {

using nlohmann::json;

std::string time_text(int64_t ms) {
  if (ms < 0) return "?";
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(ms / 1000)), ms % 1000);
}

const char* state_text(bool replayed) { return replayed ? "replayed" : "open"; }

std::string bytes_text(const std::optional<std::string>& bytes) {
  return bytes ? terminal_text(quoted_json(*bytes), SIZE_MAX) : "null";
}

std::string without_details(std::string_view reason) {
  std::string out;
  for (size_t i = 0; i < reason.size();) {
    const char c = reason[i];
    const size_t closing = c == '\'' || c == '"' || c == '`' ? reason.find(c, i + 1) : std::string_view::npos;
    if (closing != std::string_view::npos) {
      out += "\"...\"";
      i = closing + 1;
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      out += 'N';
      while (i < reason.size() && std::isdigit(static_cast<unsigned char>(reason[i])) != 0) ++i;
    } else {
      out += c;
      ++i;
    }
  }
  return out;
}

}  // namespace

std::string line_of(const StoredDeadLetter& letter, bool replayed) {
  const Origin& origin = letter.origin;
  return terminal_text(fmt::format("{}:{}  {}  {}/{}:{}  {}  {}", letter.position.partition.value,
                                   letter.position.offset.value, time_text(letter.stored_at_ms),
                                   origin.topic.empty() ? "?" : origin.topic, origin.partition.value,
                                   origin.offset.value, state_text(replayed), letter.reason));
}

std::string details_of(const StoredDeadLetter& letter, bool replayed) {
  std::string out = line_of(letter, replayed) + '\n';
  if (!letter.reason.empty()) out += fmt::format("  reason          {}\n", terminal_text(letter.reason, SIZE_MAX));
  if (!letter.consumer_group.empty())
    out += fmt::format("  consumer group  {}\n", terminal_text(letter.consumer_group));
  if (letter.origin.timestamp_ms >= 0)
    out += fmt::format("  message's time  {}\n", time_text(letter.origin.timestamp_ms));
  out += fmt::format("  key             {}\n", bytes_text(letter.key));
  for (const auto& [name, value] : letter.headers) {
    out += fmt::format("  header          {}: {}\n", bytes_text(name), bytes_text(value));
  }
  return out + fmt::format("  value           {}\n", bytes_text(letter.payload));
}

json metadata_of(const StoredDeadLetter& letter, bool replayed) {
  const auto said = [](const std::string& text) { return text.empty() ? json() : json(text); };
  const auto time = [](int64_t ms) { return ms < 0 ? json() : json(ms); };
  const Origin& origin = letter.origin;
  return {{"dead_letter_partition", letter.position.partition.value},
          {"dead_letter_offset", letter.position.offset.value},
          {"dead_letter_timestamp_ms", time(letter.stored_at_ms)},
          {"topic", said(origin.topic)},
          {"partition", origin.partition.value},
          {"offset", origin.offset.value},
          {"timestamp_ms", time(origin.timestamp_ms)},
          {"state", state_text(replayed)},
          {"reason", said(letter.reason)},
          {"consumer_group", said(letter.consumer_group)},
          {"bytes", letter.payload ? letter.payload->size() : 0}};
}

void DeadLetterCounts::add(const StoredDeadLetter& letter, bool replayed) {
  ++counts_[{without_details(letter.reason), letter.origin.topic, replayed}];
}

std::vector<std::pair<DeadLetterCounts::Group, uint64_t>> DeadLetterCounts::sorted() const {
  std::vector<std::pair<Group, uint64_t>> out(counts_.begin(), counts_.end());
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return out;
}

std::string DeadLetterCounts::text() const {
  std::string out;
  uint64_t sum = 0;
  for (const auto& [group, count] : sorted()) {
    sum += count;
    out += terminal_text(fmt::format("{:>9}  {:8}  {}  {}", count, state_text(group.replayed),
                                     group.topic.empty() ? "?" : group.topic, group.reason)) +
           '\n';
  }
  return out + fmt::format("{:>9}  dead letters\n", sum);
}

std::string DeadLetterCounts::json() const {
  std::string out;
  for (const auto& [group, count] : sorted()) {
    out += to_json_text(nlohmann::json{{"count", count},
                                       {"state", state_text(group.replayed)},
                                       {"topic", group.topic},
                                       {"reason", group.reason}}) +
           '\n';
  }
  return out;
}

}  // namespace freshet::dead_letters
