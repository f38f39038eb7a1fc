// A message whose bytes this program owns instead of the client library: for `process` and `tap`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/message.h"

namespace freshet::app {

struct OwnedMessage {
  int32_t partition = 0;
  int64_t offset = 0;
  int64_t timestamp_ms = -1;
  std::optional<std::string> key;
  std::optional<std::string> payload;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

// A Message over `owned`, which must outlive it.
Message view_of(const OwnedMessage& owned);

}  // namespace freshet::app
