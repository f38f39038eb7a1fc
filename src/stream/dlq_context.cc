#include "stream/dlq_context.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace freshet::stream {
namespace {

constexpr uint32_t kNull = std::numeric_limits<uint32_t>::max();

void put(std::string& out, uint32_t n) { out.append(reinterpret_cast<const char*>(&n), sizeof n); }

void put(std::string& out, std::optional<std::string_view> bytes) {
  put(out, bytes ? static_cast<uint32_t>(bytes->size()) : kNull);
  if (bytes) out.append(*bytes);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  uint32_t number() {
    uint32_t n = 0;
    std::memcpy(&n, bytes_.data(), sizeof n);
    bytes_.remove_prefix(sizeof n);
    return n;
  }
  std::optional<std::string> text() {
    const uint32_t size = number();
    if (size == kNull) return std::nullopt;
    std::string out(bytes_.substr(0, size));
    bytes_.remove_prefix(size);
    return out;
  }

 private:
  std::string_view bytes_;
};

}  // namespace

void encode_dlq_context(const Message& message, bool rows_are_payload, std::vector<HeaderView>& headers,
                        std::string& out) {
  headers.clear();
  message.headers(headers);
  if (rows_are_payload && !message.key && headers.empty()) return;
  put(out, message.key);
  put(out, static_cast<uint32_t>(headers.size()));
  for (const HeaderView& header : headers) {
    put(out, header.name);
    put(out, header.value);
  }
  if (!rows_are_payload) put(out, message.payload);
}

DeadLetterRecord dead_letter_of(const Message& message, Partition partition, std::string_view topic) {
  DeadLetterRecord record;
  record.topic = topic;
  record.partition = partition;
  record.offset = message.offset;
  record.timestamp_ms = message.timestamp_ms;
  record.key = message.key;
  record.payload = message.payload;
  std::vector<HeaderView> headers;
  message.headers(headers);
  for (const HeaderView& header : headers) record.headers.emplace_back(header.name, header.value);
  return record;
}

DeadLetterRecord decode_dlq_context(const ProcessedChunk& chunk, const MessageRows& message, std::string_view topic) {
  const auto whole = std::find_if(chunk.dlq_messages.begin(), chunk.dlq_messages.end(),
                                  [&](const Message& one) { return one.offset == message.offset; });
  if (whole != chunk.dlq_messages.end()) return dead_letter_of(*whole, chunk.partition, topic);
  DeadLetterRecord record;
  record.topic = topic;
  record.partition = chunk.partition;
  record.offset = message.offset;
  record.timestamp_ms = message.timestamp_ms;
  if (message.rows_are_payload) record.payload = chunk.rows.substr(message.rows_begin, message.rows_size - 1);
  if (message.dlq_context_size == 0) return record;
  Reader reader(std::string_view(chunk.dlq_contexts).substr(message.dlq_context_begin, message.dlq_context_size));
  record.key = reader.text();
  for (uint32_t n = reader.number(); n > 0; --n) {
    std::string name = reader.text().value_or("");
    record.headers.emplace_back(std::move(name), reader.text());
  }
  if (!message.rows_are_payload) record.payload = reader.text();
  return record;
}

}  // namespace freshet::stream
