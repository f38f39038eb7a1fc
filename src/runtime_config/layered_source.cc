#include "runtime_config/layered_source.h"

#include <fmt/format.h>

#include <utility>

namespace freshet::runtime_config {

LayeredSource::LayeredSource(std::unique_ptr<OptionSource> upper, std::unique_ptr<OptionSource> lower) {
  layers_[0].source = std::move(upper);
  layers_[1].source = std::move(lower);
}

Result<RawOptions> LayeredSource::read() {
  degraded_.reset();
  size_t readable = 0;
  for (Layer& layer : layers_) {
    if (auto options = layer.source->read()) {
      layer.last = *std::move(options);
      ++readable;
    } else {
      degraded_ = std::move(options).error();
    }
  }
  if (readable == 0) return tl::make_unexpected(*degraded_);
  RawOptions merged = layers_[0].last;
  for (const auto& [key, value] : layers_[1].last) merged.emplace(key, value);
  return merged;
}

void LayeredSource::interrupt() noexcept {
  for (Layer& layer : layers_) layer.source->interrupt();
}

std::string LayeredSource::describe() const {
  return fmt::format("{} over {}", layers_[0].source->describe(), layers_[1].source->describe());
}

}  // namespace freshet::runtime_config
