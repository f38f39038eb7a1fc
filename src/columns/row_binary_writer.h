// Writes values in ClickHouse's RowBinary format: no names, no separators, little-endian numbers. Rows of a Native
// insert have it too, until the insert is sent (native_block.h).
// https://clickhouse.com/docs/interfaces/formats/RowBinary
#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace freshet::columns {

static_assert(std::endian::native == std::endian::little);

// Threads: one.
class RowBinaryWriter {
 public:
  RowBinaryWriter() { grow(4096); }

  void clear() { at_ = buffer_.get(); }
  std::string_view bytes() const { return {buffer_.get(), size()}; }
  size_t size() const { return static_cast<size_t>(at_ - buffer_.get()); }

  // Integers, floats and Bool, in the width of their type.
  template <typename T>
  void fixed(T value) {
    static_assert(std::is_arithmetic_v<T>);
    ensure(sizeof value);
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  // The number of elements that precedes the elements of an Array or Map, as unsigned LEB128.
  [[gnu::always_inline]] void count(uint64_t value) {
    ensure(kMostCount);
    at_ = put_count(value, at_);
  }
  void string(std::string_view value) {
    ensure(kMostCount + value.size());
    put(value, put_count(value.size(), at_));
  }
  // `bytes` in the order of the UUID's text. ClickHouse stores two 64-bit integers, each little-endian.
  void uuid(const std::array<uint8_t, 16>& bytes) {
    std::array<uint64_t, 2> halves;
    std::memcpy(halves.data(), bytes.data(), bytes.size());
    for (uint64_t& half : halves) half = __builtin_bswap64(half);
    ensure(sizeof halves);
    std::memcpy(at_, halves.data(), sizeof halves);
    at_ += sizeof halves;
  }
  // Unchanged bytes.
  void raw(std::string_view bytes) {
    ensure(bytes.size());
    put(bytes, at_);
  }

 private:
  static constexpr size_t kMostCount = 10;

  [[gnu::always_inline]] static char* put_count(uint64_t value, char* out) {
    for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
    *out++ = static_cast<char>(value);
    return out;
  }
  void put(std::string_view bytes, char* out) {
    constexpr size_t kHalf = 16;
    if (bytes.size() >= kHalf && bytes.size() <= 2 * kHalf) {  // many texts: two copies, which may overlap, and no call
      std::memcpy(out, bytes.data(), kHalf);
      std::memcpy(out + bytes.size() - kHalf, bytes.data() + bytes.size() - kHalf, kHalf);
    } else if (!bytes.empty()) {
      std::memcpy(out, bytes.data(), bytes.size());
    }
    at_ = out + bytes.size();
  }
  [[gnu::always_inline]] void ensure(size_t more) {
    // Signed: after a write without room the difference is negative, and grow() finds it.
    if (end_ - at_ < static_cast<std::ptrdiff_t>(more)) grow(more);
  }
  [[gnu::cold, gnu::noinline]] void grow(size_t more) {
    assert(at_ <= end_);  // otherwise something was written without room
    const size_t used = size();
    const size_t room = 2 * static_cast<size_t>(end_ - buffer_.get()) + more;
    auto next = std::make_unique_for_overwrite<char[]>(room);
    if (used > 0) std::memcpy(next.get(), buffer_.get(), used);
    buffer_ = std::move(next);
    at_ = buffer_.get() + used;
    end_ = buffer_.get() + room;
  }

  std::unique_ptr<char[]> buffer_;
  char* at_ = nullptr;
  char* end_ = nullptr;
};

}  // namespace freshet::columns
