// How many payloads hold what looks like an IPv4 address.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/metrics.h"
#include "ports/payload_sampler.h"

namespace freshet::snuba_outputs {

// Four decimal octets of 0 to 255, without leading zeros, with dots between them, anywhere.
bool has_ipv4_pattern(std::string_view text);
bool is_utf8(std::string_view text);

// Every message at first, later one of 16 that stands for 16: the reference looks at all of them, and that costs more
// than the number is worth.
class Ipv4Statistics final : public PayloadSampler {
 public:
  explicit Ipv4Statistics(Metrics& metrics);
  uint64_t look_at(std::string_view payload) override;

 private:
  static constexpr uint64_t kAll = 1000;  // the first ones
  static constexpr uint64_t kOneOf = 16;
  Counter& with_;
  Counter& without_;
  Counter& no_text_;
  uint64_t looked_at_ = 0;
};

}  // namespace freshet::snuba_outputs
