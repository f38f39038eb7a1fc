#include "stream/kept.h"

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

void keep(const Message& message, bool rows_are_payload, std::vector<HeaderView>& headers, std::string& kept) {
  headers.clear();
  message.headers(headers);
  if (rows_are_payload && !message.key && headers.empty()) return;
  put(kept, message.key);
  put(kept, static_cast<uint32_t>(headers.size()));
  for (const HeaderView& header : headers) {
    put(kept, header.name);
    put(kept, header.value);
  }
  if (!rows_are_payload) put(kept, message.payload);
}

void copy_to(DeadLetter& letter, const Message& message) {
  if (message.key) letter.key = *message.key;
  if (message.payload) letter.payload = *message.payload;
  std::vector<HeaderView> headers;
  message.headers(headers);
  for (const HeaderView& header : headers) {
    letter.headers.emplace_back(header.name, header.value ? std::optional<std::string>(*header.value) : std::nullopt);
  }
}

void keep(Message message, ProcessedChunk& chunk) { chunk.kept_messages.push_back(std::move(message)); }

DeadLetter unkeep(const ProcessedChunk& chunk, const MessageRows& message, std::string_view topic) {
  DeadLetter letter;
  letter.topic = topic;
  letter.partition = chunk.partition;
  letter.offset = message.offset;
  letter.timestamp_ms = message.timestamp_ms;
  if (message.rows_are_payload) letter.payload = chunk.rows.substr(message.rows_begin, message.rows_size - 1);
  const auto whole = std::find_if(chunk.kept_messages.begin(), chunk.kept_messages.end(),
                                  [&](const Message& one) { return one.offset == message.offset; });
  if (whole != chunk.kept_messages.end()) {
    copy_to(letter, *whole);
    return letter;
  }
  if (message.kept_size == 0) return letter;
  Reader reader(std::string_view(chunk.kept).substr(message.kept_begin, message.kept_size));
  letter.key = reader.text();
  for (uint32_t n = reader.number(); n > 0; --n) {
    std::string name = reader.text().value_or("");
    letter.headers.emplace_back(std::move(name), reader.text());
  }
  if (!message.rows_are_payload) letter.payload = reader.text();
  return letter;
}

}  // namespace freshet::stream
