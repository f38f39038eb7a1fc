#include "kafka/batch_end.h"

#include <algorithm>

namespace freshet::kafka {
namespace {

Offset middle(Offset inside, Offset outside) {
  return Offset{inside.value + std::max<int64_t>(1, (outside.value - inside.value) / 2)};
}

}  // namespace

Offset BatchEnd::inside(Offset at, std::optional<Offset> end) {
  inside_ = at;
  if (outside_) return middle(at, *outside_);
  const Offset next{at.value + step_};
  step_ *= 2;
  return end && *end > at ? std::min(next, *end) : next;
}

std::optional<Offset> BatchEnd::outside(Offset at) {
  outside_ = at;
  if (!inside_ || inside_->next() >= at) return std::nullopt;
  return middle(*inside_, at);
}

}  // namespace freshet::kafka
