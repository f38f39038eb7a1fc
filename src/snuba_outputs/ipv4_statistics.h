// Counts payloads that contain an IPv4 address (docs/snuba.md, Record formats).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/metrics.h"
#include "ports/payload_sampler.h"
#include "snuba_outputs/snuba_outputs_metrics.h"

namespace freshet::snuba_outputs {

// Matches four decimal octets from 0 to 255 without leading zeros, separated by dots, anywhere in the text.
bool has_ipv4_pattern(std::string_view text);
bool is_utf8(std::string_view text);

// Samples: checks every one of the first messages, then one of 16, which counts as 16. Snuba checks all messages; the
// metric is not worth that cost.
class Ipv4Statistics final : public PayloadSampler {
 public:
  explicit Ipv4Statistics(Metrics& metrics);
  uint64_t look_at(std::string_view payload) override;

 private:
  static constexpr uint64_t kAll = 1000;  // this many are all checked
  static constexpr uint64_t kOneOf = 16;
  const Ipv4Metrics metrics_;
  uint64_t looked_at_ = 0;
};

}  // namespace freshet::snuba_outputs
