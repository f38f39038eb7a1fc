// Reads replies of Redis, with limits, because the server is not trusted.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace freshet::runtime_config {

struct RedisReply {
  enum class Kind { Text, Error, Null, Array };
  Kind kind = Kind::Null;
  std::string text;  // of Text (including numbers) and Error
  std::vector<RedisReply> elements;
};

// Reads replies of RESP2, version 2 of the protocol. Threads: one.
class RedisReplyReader {
 public:
  // Limits of a reply with all its elements: bytes in memory, and depth of nested arrays.
  static constexpr size_t kMaxBytes = 4 << 20;
  static constexpr int kMaxDepth = 4;

  // `more` appends at least one byte that has arrived, or fails.
  explicit RedisReplyReader(std::function<Status(std::string& buffer)> more) : more_(std::move(more)) {}

  // Invalid: not a reply, or beyond the limits; the connection cannot be used again.
  Result<RedisReply> next();

 private:
  Result<RedisReply> read(int depth);
  Result<RedisReply> read_bulk(size_t size);
  Result<RedisReply> read_array(size_t count, int depth);
  Result<std::string> read_line();
  Result<std::string> take(size_t size);
  size_t left() const { return kMaxBytes - taken_; }

  const std::function<Status(std::string& buffer)> more_;
  std::string buffer_;
  size_t at_ = 0;     // position in buffer_
  size_t taken_ = 0;  // bytes of this reply
};

}  // namespace freshet::runtime_config
