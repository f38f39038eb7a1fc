// A message in the client library's memory, until it is processed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "model/ids.h"

namespace freshet {

struct HeaderView {
  std::string_view name;
  std::optional<std::string_view> value;
};

// Owns the memory of all messages of a source. `handle` and `record` are the source's own values for a message.
// Threads: any, even after the source was closed (see kafka/README.md).
class MessageMemory {
 public:
  virtual void release(void* handle) const noexcept = 0;
  // Appends the headers in order; the views live as long as the message.
  virtual void headers(const void* record, std::vector<HeaderView>& out) const = 0;

 protected:
  ~MessageMemory() = default;
};

// Move-only; the destructor returns the memory. Views live as long as the message.
class Message {
 public:
  Offset offset;
  int64_t timestamp_ms = -1;  // broker timestamp, milliseconds since 1970 UTC; -1 = none
  std::optional<std::string_view> key;
  std::optional<std::string_view> payload;  // none = null payload (tombstone)
  bool padded = false;                      // kPadding zero bytes follow the payload, so a parser needs no copy

  static constexpr size_t kPadding = 64;

  Message() = default;
  // `handle` may be null: there is no memory to return.
  Message(const MessageMemory* memory, void* handle, const void* record)
      : memory_(memory), handle_(handle), record_(record) {}
  ~Message() { reset(); }
  Message(Message&& other) noexcept
      : offset(other.offset),
        timestamp_ms(other.timestamp_ms),
        key(other.key),
        payload(other.payload),
        padded(other.padded),
        memory_(other.memory_),
        handle_(std::exchange(other.handle_, nullptr)),
        record_(std::exchange(other.record_, nullptr)) {}
  Message& operator=(Message&& other) noexcept {
    if (this != &other) {
      reset();
      offset = other.offset;
      timestamp_ms = other.timestamp_ms;
      key = other.key;
      payload = other.payload;
      padded = other.padded;
      memory_ = other.memory_;
      handle_ = std::exchange(other.handle_, nullptr);
      record_ = std::exchange(other.record_, nullptr);
    }
    return *this;
  }

  void headers(std::vector<HeaderView>& out) const {
    if (record_ != nullptr) memory_->headers(record_, out);
  }
  // What to charge to the byte budget.
  size_t bytes() const { return kOverhead + (key ? key->size() : 0) + (payload ? payload->size() : 0); }

 private:
  static constexpr size_t kOverhead = 64;
  void reset() noexcept {
    if (handle_ != nullptr) memory_->release(std::exchange(handle_, nullptr));
    record_ = nullptr;
  }

  const MessageMemory* memory_ = nullptr;
  void* handle_ = nullptr;
  const void* record_ = nullptr;
};

// Consecutive messages of one partition in offset order: the unit of work of a worker.
struct MessageChunk {
  Partition partition;
  std::vector<Message> messages;
  size_t bytes = 0;  // sum of Message::bytes()
};

}  // namespace freshet
