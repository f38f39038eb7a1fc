#include "python_worker/frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace freshet::python_worker {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "frames are little-endian, as the machine must be");

template <typename T>
void put(T value, std::string& out) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

class Reader {
 public:
  explicit Reader(std::string_view body) : rest_(body) {}
  template <typename T>
  T take() {
    T value{};
    const std::string_view bytes = take_bytes(sizeof value);
    if (!broken_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string_view take_bytes(size_t size) {
    if (size > rest_.size()) {
      broken_ = true;
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  bool broken() const { return broken_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool broken_ = false;
};

// Rows are copied to the insert unchanged, so each must be one line that ends with a line feed.
bool are_rows(const WorkerReply& reply) {
  const auto lines = static_cast<uint64_t>(std::count(reply.rows.begin(), reply.rows.end(), '\n'));
  return lines == reply.row_count && (reply.rows.empty() || reply.rows.back() == '\n');
}

}  // namespace

std::string encode_request(Partition partition, std::span<const Message> messages) {
  std::string out;
  put(static_cast<uint32_t>(messages.size()), out);
  for (const Message& message : messages) {
    put(message.offset.value, out);
    put(partition.value, out);
    put(message.timestamp_ms, out);
    put(static_cast<uint8_t>(message.payload.has_value()), out);
    const std::string_view payload = message.payload.value_or(std::string_view());
    put(static_cast<uint32_t>(payload.size()), out);
    out += payload;
  }
  return out;
}

Result<std::vector<WorkerReply>> decode_replies(std::string_view body, size_t expected) {
  Reader reader(body);
  const auto count = reader.take<uint32_t>();
  if (reader.broken() || count != expected) {
    return failure(ErrorKind::Invalid, fmt::format("it answered {} messages of {}", count, expected));
  }
  std::vector<WorkerReply> replies(count);
  for (WorkerReply& reply : replies) {
    const auto kind = reader.take<uint8_t>();
    if (kind > 2) return failure(ErrorKind::Invalid, fmt::format("it answered with the unknown result {}", kind));
    reply.kind = static_cast<WorkerReply::Kind>(kind);
    if (reply.kind == WorkerReply::Kind::Rows) {
      reply.row_count = reader.take<uint32_t>();
      const bool has_origin = reader.take<uint8_t>() != 0;
      const auto origin = reader.take<int64_t>();
      if (has_origin) reply.origin_timestamp_ms = origin;
      reply.rows = reader.take_bytes(reader.take<uint32_t>());
      if (!are_rows(reply)) return failure(ErrorKind::Invalid, "its rows are not one per line");
    } else if (reply.kind == WorkerReply::Kind::Invalid) {
      reply.reason = reader.take_bytes(reader.take<uint32_t>());
    }
    if (reader.broken()) return failure(ErrorKind::Invalid, "its answer is truncated");
  }
  if (!reader.at_end()) return failure(ErrorKind::Invalid, "its answer continues after the last message");
  return replies;
}

Status check_hello(std::string_view body) {
  const auto hello = parse_json(body);
  if (!hello.is_object() || !hello.contains("protocol")) return failure(ErrorKind::Fatal, "it did not say hello");
  if (hello["protocol"] != kProtocol) {
    return failure(ErrorKind::Fatal,
                   fmt::format("it speaks protocol {}, not {}", to_json_text(hello["protocol"]), kProtocol));
  }
  if (!hello.contains("error")) return {};
  return failure(ErrorKind::Fatal,
                 hello["error"].is_string() ? hello["error"].get<std::string>() : to_json_text(hello["error"]));
}

}  // namespace freshet::python_worker
