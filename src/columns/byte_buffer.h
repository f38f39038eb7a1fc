// Bytes of one stream of a block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace freshet::columns {

// Grows within an allowance, and keeps its memory when it is cleared. Threads: one.
class ByteBuffer {
 public:
  // So many bytes behind the room may be overwritten: copies of a constant size are faster than exact ones.
  static constexpr size_t kSlack = 32;

  size_t size() const { return static_cast<size_t>(end_ - data_.get()); }
  size_t held_bytes() const { return data_ ? static_cast<size_t>(limit_ - data_.get()) + kSlack : 0; }
  std::string_view bytes() const { return {data_.get(), size()}; }
  char* data() { return data_.get(); }

  void clear() { end_ = data_.get(); }
  void free() {
    data_.reset();
    end_ = limit_ = nullptr;
  }
  // Makes room for `more` bytes; false if that takes more memory than `allowance`, which it reduces by what it takes.
  bool reserve(size_t more, uint64_t& allowance) {
    return static_cast<size_t>(limit_ - end_) >= more || grow(more, allowance);
  }

  // The following need room.
  char* end() { return end_; }
  void advance(size_t bytes) { end_ += bytes; }
  template <typename T>
  void put(T value) {
    std::memcpy(end_, &value, sizeof value);
    end_ += sizeof value;
  }
  void append(const char* bytes, size_t count) {
    std::memcpy(end_, bytes, count);
    end_ += count;
  }
  void zeros(size_t count) {
    std::memset(end_, 0, count);
    end_ += count;
  }
  // Only for a buffer whose content shrinks in place.
  void shrink_to(size_t size) { end_ = data_.get() + size; }

 private:
  bool grow(size_t more, uint64_t& allowance) {
    const size_t used = size();
    const uint64_t affordable = allowance + held_bytes();
    if (more > affordable || used + more + kSlack > affordable) return false;
    const size_t wanted = std::max(used + more, 2 * used) + kSlack;
    const size_t room = static_cast<size_t>(std::min<uint64_t>(wanted, affordable));
    auto next = std::make_unique_for_overwrite<char[]>(room);
    if (used > 0) std::memcpy(next.get(), data_.get(), used);
    allowance = affordable - room;
    data_ = std::move(next);
    end_ = data_.get() + used;
    limit_ = data_.get() + room - kSlack;
    return true;
  }

  std::unique_ptr<char[]> data_;
  char* end_ = nullptr;
  char* limit_ = nullptr;
};

}  // namespace freshet::columns
