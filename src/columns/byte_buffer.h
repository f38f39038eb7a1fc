// Bytes of one stream of a block.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "columns/frame_sink.h"

namespace freshet::columns {

// Grows within an allowance, and keeps its memory when it is cleared. With a sink, a buffer of kFrameBytes is emptied
// into it instead of growing: then a column of any length stays in the CPU's cache, and touches no new memory. Threads:
// one.
class ByteBuffer {
 public:
  // A frame of so many bytes is compressed hardly worse than a larger one: LZ4 looks back by 64 KiB.
  static constexpr size_t kFrameBytes = 128 << 10;
  // So many bytes behind the room may be overwritten: copies of a constant size are faster than exact ones.
  static constexpr size_t kSlack = 32;

  // Of what is not framed.
  size_t size() const { return static_cast<size_t>(end_ - data_.get()); }
  size_t held_bytes() const { return data_ ? static_cast<size_t>(limit_ - data_.get()) + kSlack : 0; }
  std::string_view bytes() const { return {data_.get(), size()}; }
  char* data() { return data_.get(); }

  // `sink`: takes the bytes from now on; null = they stay here.
  void clear(FrameSink* sink = nullptr) {
    end_ = data_.get();
    sink_ = sink;
    frames_.clear();
  }
  void free() {
    clear();
    data_.reset();
    end_ = limit_ = nullptr;
  }
  // The frames, and then what is not framed.
  void append_pieces(std::vector<BlockPiece>& out) const {
    out.insert(out.end(), frames_.begin(), frames_.end());
    if (size() > 0) out.push_back({bytes()});
  }
  // Makes room for `more` bytes; false if that takes more memory than `allowance`, which it reduces by what it takes,
  // or if the sink takes no more.
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
    if (sink_ != nullptr && size() >= kFrameBytes / 2 && size() + more > kFrameBytes) {
      if (!sink_->frame(bytes(), frames_)) return false;
      end_ = data_.get();
      if (static_cast<size_t>(limit_ - end_) >= more) return true;
    }
    const size_t used = size();
    const uint64_t affordable = allowance + held_bytes();
    if (more > affordable || used + more + kSlack > affordable) return false;
    const size_t twice = sink_ != nullptr ? std::min(2 * used, kFrameBytes) : 2 * used;
    const size_t wanted = std::max(used + more, twice) + kSlack;
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
  FrameSink* sink_ = nullptr;
  std::vector<BlockPiece> frames_;
};

}  // namespace freshet::columns
