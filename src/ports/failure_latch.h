// The latch of an ordered RecordProducer: from a failed result until its caller has acted on it, no record is accepted.
#pragma once

#include <atomic>
#include <cstdint>

namespace freshet {

// Threads: begin() and end() by any; reset() and latched() by the thread that calls the producer.
class FailureLatch {
 public:
  // Call around the report of a failed result.
  void begin() { begun_.fetch_add(1); }
  void end() { reported_.fetch_add(1); }

  // See RecordProducer::reset(). A failure whose report has not ended keeps the producer latched: its caller may take
  // the results before this one arrives.
  void reset() { handled_ = reported_.load(); }
  bool latched() const { return begun_.load() != handled_; }

 private:
  std::atomic<uint64_t> begun_{0};
  std::atomic<uint64_t> reported_{0};
  uint64_t handled_ = 0;  // reported before the last reset()
};

}  // namespace freshet
