#include "runtime_config/redis_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace freshet::runtime_config {
namespace {

constexpr size_t kMaxLine = 4096;
constexpr size_t kOfReply = 64;  // memory of one reply, however short it is on the wire

tl::unexpected<Error> no_redis() {
  return failure(ErrorKind::Invalid, "the server is not Redis, or the port is its TLS port");
}
tl::unexpected<Error> too_large() {
  return failure(ErrorKind::Invalid, fmt::format("the answer is larger than {} bytes, or nested deeper than {}; is it "
                                                 "the hash of the live options?",
                                                 RedisReplyReader::kMaxBytes, RedisReplyReader::kMaxDepth));
}

}  // namespace

Result<RedisReply> RedisReplyReader::next() {
  taken_ = 0;
  return read(0);
}

Result<RedisReply> RedisReplyReader::read(int depth) {
  if (depth > kMaxDepth || left() < kOfReply) return too_large();
  taken_ += kOfReply;
  auto line = read_line();
  if (!line) return tl::make_unexpected(line.error());
  if (line->empty()) return no_redis();
  const char type = line->front();
  std::string rest = line->substr(1);
  if (type == '+' || type == ':') return RedisReply{RedisReply::Kind::Text, std::move(rest), {}};
  if (type == '-') return RedisReply{RedisReply::Kind::Error, std::move(rest), {}};
  int64_t size = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), size);
  if ((type != '$' && type != '*') || error != std::errc() || end != rest.data() + rest.size() || size < -1) {
    return no_redis();
  }
  if (size == -1) return RedisReply();
  return type == '$' ? read_bulk(static_cast<size_t>(size)) : read_array(static_cast<size_t>(size), depth);
}

Result<RedisReply> RedisReplyReader::read_bulk(size_t size) {
  if (left() < 2 || size > left() - 2) return too_large();
  auto bytes = take(size + 2);
  if (!bytes) return tl::make_unexpected(bytes.error());
  if (!bytes->ends_with("\r\n")) return no_redis();
  bytes->resize(size);
  return RedisReply{RedisReply::Kind::Text, *std::move(bytes), {}};
}

Result<RedisReply> RedisReplyReader::read_array(size_t count, int depth) {
  if (count > left() / kOfReply) return too_large();
  RedisReply reply{RedisReply::Kind::Array, {}, {}};
  for (size_t i = 0; i < count; ++i) {
    auto element = read(depth + 1);
    if (!element) return element;
    reply.elements.push_back(*std::move(element));
  }
  return reply;
}

Result<std::string> RedisReplyReader::read_line() {
  while (true) {
    const size_t end = buffer_.find("\r\n", at_);
    if (end != std::string::npos && end - at_ <= kMaxLine) {
      auto line = take(end - at_ + 2);
      if (line) line->resize(line->size() - 2);
      return line;
    }
    if (buffer_.size() - at_ > kMaxLine) return no_redis();
    if (const Status more = more_(buffer_); !more) return tl::make_unexpected(more.error());
  }
}

Result<std::string> RedisReplyReader::take(size_t size) {
  if (size > left()) return too_large();
  taken_ += size;
  while (buffer_.size() - at_ < size) {
    if (const Status more = more_(buffer_); !more) return tl::make_unexpected(more.error());
  }
  std::string out = buffer_.substr(at_, size);
  at_ += size;
  if (at_ > buffer_.size() / 2) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  return out;
}

}  // namespace freshet::runtime_config
