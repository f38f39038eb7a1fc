// Text that is followed by zero bytes, so that a reader can look at several bytes at a time and needs no check for the
// end: a NUL is never valid in JSON.
#pragma once

#include <cstring>
#include <string_view>
#include <vector>

#include "model/message.h"

namespace freshet::processors {

// Reuses its memory.
class PaddedText {
 public:
  static constexpr size_t kPadding = Message::kPadding;

  // Valid until the next call. The message's own text, if it is padded.
  const char* of(const Message& message) { return message.padded ? message.payload->data() : copy(*message.payload); }
  const char* copy(std::string_view text) {
    if (memory_.size() < text.size() + kPadding) memory_.resize(with_room_to_grow(text.size()) + kPadding);
    if (!text.empty()) std::memcpy(memory_.data(), text.data(), text.size());
    std::memset(memory_.data() + text.size(), 0, kPadding);
    return memory_.data();
  }

  // Doubling avoids the next allocations. Very large documents are rare, so these get only what they need.
  static constexpr size_t with_room_to_grow(size_t size) { return size < kLarge ? 2 * size : size; }
  static constexpr size_t kLarge = 1 << 20;

 private:
  std::vector<char> memory_;
};

}  // namespace freshet::processors
