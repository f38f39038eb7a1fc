// Two stores of live options, one above the other.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "ports/option_source.h"

namespace freshet::runtime_config {

// `upper` wins key by key. A store that cannot be read keeps what it said last and does not stand in the other's way.
class LayeredSource final : public OptionSource {
 public:
  LayeredSource(std::unique_ptr<OptionSource> upper, std::unique_ptr<OptionSource> lower);

  // An error only when neither can be read.
  Result<RawOptions> read() override;
  void interrupt() noexcept override;
  std::string describe() const override;
  std::optional<Error> degraded() const override { return degraded_; }

 private:
  struct Layer {
    std::unique_ptr<OptionSource> source;
    RawOptions last;
  };
  std::array<Layer, 2> layers_;  // the upper one first
  std::optional<Error> degraded_;
};

}  // namespace freshet::runtime_config
