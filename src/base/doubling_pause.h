// A pause between attempts that doubles with each failure.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace freshet {

// Threads: one at a time.
class DoublingPause {
 public:
  DoublingPause(Duration first, Duration longest) : first_(first), longest_(longest) {}
  // The pause after this failure.
  Duration after_failure() {
    const Duration pause = next_;
    next_ = std::min(2 * next_, longest_);
    return pause;
  }
  void succeeded() { next_ = first_; }

 private:
  Duration first_;
  Duration longest_;
  Duration next_ = first_;
};

}  // namespace freshet
