// The frames between freshet and a Python worker (docs/python-workers.md, The protocol).
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

struct WorkerAnswer {
  enum class Kind : uint8_t { Rows, Skip, Invalid };
  Kind kind = Kind::Skip;
  uint32_t row_count = 0;
  std::optional<int64_t> origin_timestamp_ms;
  std::string_view rows;    // points into the frame
  std::string_view reason;  // of Invalid
};

// The body of a request, without its length.
std::string encode_request(Partition partition, std::span<const Message> messages);

// The body of an answer to `expected` messages. The views live as long as `body`. Invalid: the bytes are not an answer;
// the text says why.
Result<std::vector<WorkerAnswer>> decode_answer(std::string_view body, size_t expected);

// The first frame of a worker. Fatal: it could not load its class, or speaks another protocol.
Status check_hello(std::string_view body);

}  // namespace freshet::python_worker
