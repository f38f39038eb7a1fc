// Port for statistics about payloads that look at some of them only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace freshet {

// Threads: one instance per worker.
class PayloadSampler {
 public:
  virtual ~PayloadSampler() = default;
  // Returns how many payloads may pass until the next one that it wants to see.
  virtual uint64_t look_at(std::string_view payload) = 0;
};

using PayloadSamplerFactory = std::function<std::unique_ptr<PayloadSampler>()>;

}  // namespace freshet
