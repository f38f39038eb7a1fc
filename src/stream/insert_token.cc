#include "stream/insert_token.h"

#include <fmt/format.h>

#include <iterator>

namespace freshet::stream {
namespace {

constexpr size_t kMaxReadable = 160;

// Prefixes the length, so that different lists of texts never give the same string.
void append_text(std::string& out, std::string_view text) {
  fmt::format_to(std::back_inserter(out), "{}:{};", text.size(), text);
}

std::string readable(std::string_view topic, const std::vector<Span>& spans) {
  std::string text;
  for (const Span& span : spans) {
    fmt::format_to(std::back_inserter(text), "{}{}:{}:{}-{}", text.empty() ? "" : ",", topic, span.partition.value,
                   span.offsets.first.value, span.offsets.last.value);
  }
  return text;
}

InsertToken with_hash(const std::string& text, const Hash128& hash) {
  return {fmt::format("{}#{:016x}{:016x}", text.size() <= kMaxReadable ? text : std::string(), hash.high, hash.low),
          hash};
}

Hash128 seed_of(Partition partition, Offset offset, int64_t timestamp_ms) {
  return {static_cast<uint64_t>(offset.value) ^ static_cast<uint64_t>(partition.value) << 48,
          static_cast<uint64_t>(timestamp_ms)};
}

}  // namespace

void add_to_digest(Hash128& digest, Partition partition, const MessageRows& message, std::string_view rows) {
  merge_digest(digest, city_hash_128(rows, seed_of(partition, message.offset, message.timestamp_ms)));
}

uint32_t message_hash(Partition partition, const Message& message) {
  Hash128 hash = seed_of(partition, message.offset, message.timestamp_ms);
  if (message.key) hash = city_hash_128(*message.key, hash);
  return static_cast<uint32_t>(city_hash_128(message.payload.value_or(std::string_view()), hash).low);
}

uint16_t layout_hash(const RowLayout& layout) {
  std::string identity;
  append_text(identity, to_string(layout.format));
  for (const std::string& column : layout.columns) append_text(identity, column);
  for (const std::string& type : layout.types) append_text(identity, type);
  return static_cast<uint16_t>(city_hash_128(identity).low | 1);
}

// A sum modulo 2^128 of good hashes of distinct messages (the hash includes the offset) is a good hash of the set.
void merge_digest(Hash128& digest, const Hash128& other) {
  digest.low += other.low;
  digest.high += other.high + (digest.low < other.low ? 1 : 0);
}

InsertToken insert_token(const TokenScope& scope, const RowLayout& layout, const std::vector<Span>& spans,
                         const Hash128& digest, uint32_t salt) {
  const std::string text = readable(scope.topic, spans);
  std::string identity;
  for (const std::string_view one : {std::string_view(scope.cluster_id), std::string_view(scope.topic),
                                     std::string_view(scope.consumer_group), to_string(layout.format)}) {
    append_text(identity, one);
  }
  append_text(identity, std::to_string(layout.columns.size()));
  for (const std::string& column : layout.columns) append_text(identity, column);
  append_text(identity, text);
  fmt::format_to(std::back_inserter(identity), "{:016x}{:016x}", digest.high, digest.low);
  if (salt > 0) append_text(identity, std::to_string(salt));
  return with_hash(text, city_hash_128(identity));
}

InsertToken token_with_hash(const TokenScope& scope, const std::vector<Span>& spans, const Hash128& hash) {
  return with_hash(readable(scope.topic, spans), hash);
}

std::string part_token(std::string_view batch_token, size_t begin, size_t end) {
  return fmt::format("{}/{}-{}", batch_token, begin, end);
}

}  // namespace freshet::stream
