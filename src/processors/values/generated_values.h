// What a row needs and its message does not have: the current time, and an id.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "model/delivery.h"
#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/values/uuid.h"

namespace freshet::processors {

// At least once, these are the clock's time and random ids, as in Snuba. Exactly once, they are the broker's timestamp
// of the message and an id made from its topic, partition, offset and timestamp: a process that reads the message again
// makes the same row, byte for byte, and gives it the same verdict. A message without a broker timestamp is then of
// 1970, and rules that compare its times with the current time do not apply to it. Timestamps that a DateTime column
// cannot hold count as the nearest one that it can.
//
// Threads: one. The clock must outlive it.
class GeneratedValues {
 public:
  // Reads the clock for chunk_time_ms().
  explicit GeneratedValues(const ProcessorEnvironment& environment);

  // At least once: reads the clock for chunk_time_ms().
  void begin_chunk();
  // Call it before any of the following functions is called for the message. The topic's text must live as long as
  // these calls.
  void begin_message(const MessageContext& context, const Message& message) {
    if (delivery_ == Delivery::ExactlyOnce) take(context, message);
  }

  // The current time, rounded down to units since 1970 UTC.
  int64_t now_seconds() const;
  int64_t now_ms() const;
  int64_t now_us() const;
  // The current time in milliseconds since 1970 UTC; at least once, the same for all messages of a chunk.
  int64_t chunk_time_ms() const { return delivery_ == Delivery::AtLeastOnce ? chunk_time_ms_ : message_time_ms_; }
  // False: rules that compare a time with the current time do not apply to the message.
  bool has_time() const { return delivery_ == Delivery::AtLeastOnce || timestamp_ms_ >= 0; }

  // A version 4 UUID: `random()` at least once. Exactly once, each call for a message returns the same.
  template <typename Random>
  Uuid id(Random&& random) const {
    return delivery_ == Delivery::AtLeastOnce ? random() : id_of_message();
  }

 private:
  void take(const MessageContext& context, const Message& message);
  SystemTime now() const;
  Uuid id_of_message() const;

  const Clock& clock_;
  const Delivery delivery_;
  int64_t chunk_time_ms_ = 0;
  // Of the message; only with ExactlyOnce.
  std::string_view topic_;
  int32_t partition_ = 0;
  int64_t offset_ = 0;
  int64_t timestamp_ms_ = -1;
  int64_t message_time_ms_ = 0;  // the same in the range of a DateTime column
};

}  // namespace freshet::processors
