// The door to the dead-letter topic.
#pragma once

#include <cstdint>
#include <functional>

#include "base/clock.h"
#include "base/result.h"
#include "model/dead_letter.h"

namespace freshet {

// Threads: produce() and flush() by the loop; results come from the producer's own thread.
class DeadLetters {
 public:
  // Called once per accepted letter, any thread, noexcept: the broker has acknowledged it, or the kind of the error
  // says what next (Retry: produce it again later; Invalid: this topic will never take it, for example too large).
  using OnResult = std::function<void(uint64_t ticket, Status result)>;

  virtual ~DeadLetters() = default;
  // Hands the letter to the producer. Error kind Retry (queue full): nothing was taken, try again later; Invalid: too
  // large for the topic. `consumer_group` is put into the letter's headers by the implementation.
  virtual Status produce(const DeadLetter& letter, uint64_t ticket) = 0;
};

}  // namespace freshet
