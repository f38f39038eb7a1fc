// Port for statistics about a sample of the payloads.
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
  // Returns how many payloads to pass over before the next call.
  virtual uint64_t look_at(std::string_view payload) = 0;
};

using PayloadSamplerFactory = std::function<std::unique_ptr<PayloadSampler>()>;

}  // namespace freshet
