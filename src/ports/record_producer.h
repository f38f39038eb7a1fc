// Port to a topic that freshet writes: dead-letter records, commit log, replacements, outcomes.
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

// A record as produce() takes it: views that live until it returns.
struct ProducerRecordView {
  std::optional<std::string_view> key;    // decides the topic's partition; none = any
  std::optional<std::string_view> value;  // none = null value
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

// Whether records of one key keep their order when the producer gives some of them back.
enum class RecordOrder {
  Keep,  // a failed result latches the producer, see reset()
  Any,
};

// Threads: all calls by one; results come from the producer's own thread.
class RecordProducer {
 public:
  // Called once for each record that produce() took, by any thread, noexcept. Success: all in-sync replicas have it.
  // Error kind Retry: produce it again; Invalid: the topic does not take this record.
  using OnResult = std::function<void(uint64_t ticket, Status result)>;

  virtual ~RecordProducer() = default;
  // Copies the record. Error kind Retry: nothing was taken, try again later (the queue is full, or the producer is
  // latched); Invalid: no topic takes a record of this size.
  virtual Status produce(const ProducerRecordView& record, uint64_t ticket) = 0;
  // With RecordOrder::Keep a failed result latches the producer: produce() takes nothing until the caller has called
  // this once for each failed result, when the record is back in its place. So no later record passes it.
  virtual void reset() = 0;
  // Gives back what was not sent yet, as results of kind Retry.
  virtual void purge() = 0;
};

}  // namespace freshet
