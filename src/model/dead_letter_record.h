// A message that could not become rows, on its way to the dead-letter topic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "model/ids.h"

namespace freshet {

// Copies the message, so that a long outage of the dead-letter topic does not pin memory of a Kafka consumer.
struct DeadLetterRecord {
  std::string topic;  // of the message
  Partition partition;
  Offset offset;
  int64_t timestamp_ms = -1;
  std::optional<std::string> key;
  std::optional<std::string> payload;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  std::string reason_code;  // few distinct values: "invalid_json", "rejected_by_table", ...
  std::string reason;       // human-readable; header `reason`
  bool suppressed = false;  // by an expected rule: not counted as invalid, not logged
  Charge charge;            // for bytes()

  // Approximate memory. Everything except the reason counts twice, because the client library copies it.
  size_t bytes() const {
    size_t bytes = sizeof(DeadLetterRecord) + kOverhead + topic.size() + reason.size() + (key ? 2 * key->size() : 0) +
                   (payload ? 2 * payload->size() : 0);
    for (const auto& [name, value] : headers) bytes += kHeader + 2 * (name.size() + (value ? value->size() : 0));
    return bytes;
  }

 private:
  static constexpr size_t kOverhead = 200;  // containers and heap blocks
  static constexpr size_t kHeader = 136;
};

}  // namespace freshet
