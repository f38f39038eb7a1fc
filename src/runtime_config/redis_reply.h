// What Redis answers, read with limits: whoever is at the other end.
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
  std::string text;  // of Text (also a number's) and Error
  std::vector<RedisReply> elements;
};

// Reads replies of the protocol's second version (RESP2). Threads: one.
class RedisReplyReader {
 public:
  // A reply with all that is in it, as bytes in memory, and how deep arrays may stand in each other.
  static constexpr size_t kMaxBytes = 4 << 20;
  static constexpr int kMaxDepth = 4;

  // `more` appends at least one byte that has arrived, or fails.
  explicit RedisReplyReader(std::function<Status(std::string& buffer)> more) : more_(std::move(more)) {}

  // Invalid: it is none, or beyond the limits; the connection is of no use any more then.
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
  size_t at_ = 0;     // in buffer_
  size_t taken_ = 0;  // of this reply
};

}  // namespace freshet::runtime_config
