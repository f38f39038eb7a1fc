// Port to a topic that freshet writes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/message.h"

namespace freshet {

// A record for produce(). The views must live until it returns.
struct ProducerRecordView {
  std::optional<std::string_view> key;    // selects the partition of the topic; nullopt = any
  std::optional<std::string_view> value;  // nullopt = null value
  std::span<const HeaderView> headers;
};

// A record that owns its bytes and has no headers.
struct ProducerRecord {
  std::optional<std::string> key;
  std::string value;

  ProducerRecordView view() const {
    return {key ? std::optional<std::string_view>(*key) : std::nullopt, std::string_view(value), {}};
  }
};

// Whether records with the same key keep their order when some of them fail.
enum class RecordOrder {
  Keep,  // a failed result latches the producer, see reset() and failure_latch.h
  Any,
};

// Threads: all calls by one thread; results come from the producer's own thread.
class RecordProducer {
 public:
  // Called once for each accepted record, by any thread; noexcept. Success: all in-sync replicas have the record.
  // ErrorKind::Retry: produce it again. ErrorKind::Invalid: the topic rejects it.
  using OnResult = std::function<void(uint64_t ticket, Status result)>;

  virtual ~RecordProducer() = default;
  // Copies the record. ErrorKind::Retry: not accepted, try again later (the queue is full, or the producer is latched).
  // ErrorKind::Invalid: no topic accepts a record of this size.
  virtual Status produce(const ProducerRecordView& record, uint64_t ticket) = 0;
  // With RecordOrder::Keep, a failed result latches the producer: produce() rejects everything until reset(), so that
  // no later record overtakes the failed one. reset() ends this for all failures whose report (OnResult) has returned.
  // Call it first, then take the results that were reported so far and queue failed records again, then produce. It has
  // no effect if there was no failure.
  virtual void reset() = 0;
  // Fails records that were not sent yet, with ErrorKind::Retry.
  virtual void purge() = 0;
};

}  // namespace freshet
