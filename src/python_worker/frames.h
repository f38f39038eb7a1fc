// Encodes and decodes the frames between freshet and a Python worker (docs/python-workers.md, The protocol).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "model/message.h"

namespace freshet::python_worker {

constexpr int kProtocol = 1;
constexpr size_t kMaxFrame = 1u << 30;

struct WorkerReply {
  enum class Kind : uint8_t { Rows, Skip, Invalid };
  Kind kind = Kind::Skip;
  uint32_t row_count = 0;
  std::optional<int64_t> origin_timestamp_ms;
  std::string_view rows;    // points into the frame
  std::string_view reason;  // why the message is invalid
};

// Encodes the body of a request, without the length prefix.
std::string encode_request(Partition partition, std::span<const Message> messages);

// Decodes the body of a response to `expected` messages. The returned views point into `body`. Errors: Invalid if the
// bytes are not a valid response; the text says why.
Result<std::vector<WorkerReply>> decode_replies(std::string_view body, size_t expected);

// Checks the first frame of a worker. Errors: Fatal if the worker could not load its class or uses another protocol
// version.
Status check_hello(std::string_view body);

}  // namespace freshet::python_worker
