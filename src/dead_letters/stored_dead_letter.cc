#include "dead_letters/stored_dead_letter.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <string_view>

namespace freshet::dead_letters {
namespace {

template <typename T>
bool read_number(std::string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// The headers behind those of the message, in their order (stream/dlq_record.cc), and what they say.
struct Provenance {
  std::string_view name;
  bool (*apply)(StoredDeadLetter&, const std::string& value);
};

constexpr Provenance kProvenance[] = {
    {"original_topic", [](auto& letter, const auto& value) { return letter.origin.topic = value, true; }},
    {"original_partition",
     [](auto& letter, const auto& value) { return read_number(value, letter.origin.partition.value); }},
    {"original_offset", [](auto& letter, const auto& value) { return read_number(value, letter.origin.offset.value); }},
    {"original_timestamp",
     [](auto& letter, const auto& value) { return read_number(value, letter.origin.timestamp_ms); }},
    {"reason", [](auto& letter, const auto& value) { return letter.reason = value, true; }},
    {"consumer_group", [](auto& letter, const auto& value) { return letter.consumer_group = value, true; }},
};

constexpr const char* kMark = "freshet_replayed";

// Distinct for a null and an empty key.
uint64_t hash_of(const kafka::SampledMessage& record) {
  const Hash128 key = record.key ? city_hash_128(*record.key) : Hash128();
  return city_hash_128(record.payload ? *record.payload : "", key).low;
}

// The text of a mark.
std::string place_of(const Origin& origin) {
  return fmt::format("{}/{}/{}/{}/{}", origin.topic, origin.partition.value, origin.offset.value, origin.timestamp_ms,
                     origin.content);
}

}  // namespace

// Reads from the end: the message may have headers of the same names, for example if it was a dead letter before.
std::optional<StoredDeadLetter> read_dead_letter(kafka::SampledMessage record) {
  StoredDeadLetter letter;
  letter.origin.partition.value = -1;
  letter.origin.offset.value = -1;
  size_t before = std::size(kProvenance);  // the next one stands before it in the table
  while (!record.headers.empty()) {
    const auto& [name, value] = record.headers.back();
    size_t i = 0;
    while (i < before && kProvenance[i].name != name) ++i;
    if (i == before || !value || !kProvenance[i].apply(letter, *value)) break;
    before = i;
    record.headers.pop_back();
  }
  if (letter.origin.partition.value < 0 || letter.origin.offset.value < 0) return std::nullopt;
  if (letter.origin.topic.empty() || letter.origin.timestamp_ms < 0) letter.origin.content = hash_of(record);
  letter.position = {Partition{record.partition}, Offset{record.offset}};
  letter.stored_at_ms = record.timestamp_ms;
  letter.key = std::move(record.key);
  letter.payload = std::move(record.payload);
  letter.headers = std::move(record.headers);
  return letter;
}

OriginId id_of(const Origin& origin) { return city_hash_128(place_of(origin)); }

ReplayMark mark_of(const Origin& origin) {
  const std::string place = place_of(origin);
  return {fmt::format("{} {}", kMark, place), {{kMark, place}}};
}

std::optional<Origin> read_mark(std::span<const HeaderView> headers) {
  if (headers.size() != 1 || headers[0].name != kMark || !headers[0].value) return std::nullopt;
  std::string_view place = *headers[0].value;
  Origin origin;
  const auto take_last = [&place](auto& number) {
    const size_t slash = place.rfind('/');
    if (slash == std::string_view::npos || !read_number(place.substr(slash + 1), number)) return false;
    place = place.substr(0, slash);
    return true;
  };
  if (!take_last(origin.content) || !take_last(origin.timestamp_ms) || !take_last(origin.offset.value) ||
      !take_last(origin.partition.value)) {
    return std::nullopt;
  }
  origin.topic = place;
  return origin;
}

}  // namespace freshet::dead_letters
