// Writes values in ClickHouse's RowBinary format: no names, no separators, little-endian numbers. Rows of a Native
// insert have it too, until the insert is sent (native_block.h).
// https://clickhouse.com/docs/interfaces/formats/RowBinary
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace freshet::columns {

static_assert(std::endian::native == std::endian::little);

// Threads: one.
class RowBinaryWriter {
 public:
  RowBinaryWriter() { grow(4096); }

  void clear() { size_ = 0; }
  std::string_view bytes() const { return {buffer_.get(), size_}; }

  // Integers, floats and Bool, in the width of their type.
  template <typename T>
  void fixed(T value) {
    static_assert(std::is_arithmetic_v<T>);
    ensure(sizeof value);
    std::memcpy(buffer_.get() + size_, &value, sizeof value);
    size_ += sizeof value;
  }
  // The number of elements that precedes the elements of an Array or Map, as unsigned LEB128.
  void count(uint64_t value) {
    ensure(10);
    for (; value >= 0x80; value >>= 7) buffer_[size_++] = static_cast<char>(value | 0x80);
    buffer_[size_++] = static_cast<char>(value);
  }
  void string(std::string_view value) {
    count(value.size());
    raw(value);
  }
  // `bytes` in the order of the UUID's text. ClickHouse stores two 64-bit integers, each little-endian.
  void uuid(const std::array<uint8_t, 16>& bytes) {
    std::array<uint64_t, 2> halves;
    std::memcpy(halves.data(), bytes.data(), bytes.size());
    fixed(__builtin_bswap64(halves[0]));
    fixed(__builtin_bswap64(halves[1]));
  }
  // Unchanged bytes.
  void raw(std::string_view bytes) {
    ensure(bytes.size());
    if (!bytes.empty()) std::memcpy(buffer_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

 private:
  void ensure(size_t more) {
    if (size_ + more > room_) grow(more);
  }
  void grow(size_t more) {
    const size_t room = 2 * room_ + more;
    auto next = std::make_unique_for_overwrite<char[]>(room);
    if (size_ > 0) std::memcpy(next.get(), buffer_.get(), size_);
    buffer_ = std::move(next);
    room_ = room;
  }

  std::unique_ptr<char[]> buffer_;
  size_t room_ = 0;
  size_t size_ = 0;
};

}  // namespace freshet::columns
