// Arbitrary bytes as a Redis response, in pieces of any size: they are a reply within the limits, or refused.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "runtime_config/redis_reply.h"

namespace {

using namespace freshet;
using runtime_config::RedisReply;
using runtime_config::RedisReplyReader;

size_t bytes_of(const RedisReply& reply, int depth) {
  if (depth > RedisReplyReader::kMaxDepth) std::abort();
  size_t bytes = reply.text.size();
  for (const RedisReply& element : reply.elements) bytes += bytes_of(element, depth + 1);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t piece = 1 + data[0] % 32;
  std::string_view left(reinterpret_cast<const char*>(data) + 1, size - 1);
  RedisReplyReader reader([&](std::string& buffer) -> Status {
    if (left.empty()) return failure(ErrorKind::Retry, "closed");
    buffer.append(left.substr(0, piece));
    left.remove_prefix(std::min(piece, left.size()));
    return {};
  });
  while (true) {
    const Result<RedisReply> reply = reader.next();
    if (!reply) {
      if (reply.error().text.empty()) std::abort();
      return 0;
    }
    if (bytes_of(*reply, 0) > RedisReplyReader::kMaxBytes) std::abort();
  }
}
