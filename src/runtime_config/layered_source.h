// Two stores of live options, layered.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "ports/option_source.h"

namespace freshet::runtime_config {

// Keys of `upper` take precedence. A store that cannot be read contributes its last values and does not affect the
// other.
class LayeredSource final : public OptionSource {
 public:
  LayeredSource(std::unique_ptr<OptionSource> upper, std::unique_ptr<OptionSource> lower);

  // Fails only if neither store can be read.
  Result<RawOptions> read() override;
  void interrupt() noexcept override;
  std::string describe() const override;
  std::optional<Error> degraded() const override { return degraded_; }

 private:
  struct Layer {
    std::unique_ptr<OptionSource> source;
    RawOptions last;
  };
  std::array<Layer, 2> layers_;  // upper first
  std::optional<Error> degraded_;
};

}  // namespace freshet::runtime_config
