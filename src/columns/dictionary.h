// The distinct values of a LowCardinality column in one block.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/city_hash.h"
#include "columns/byte_buffer.h"

namespace freshet::columns {

// Numbers keys in the order in which they first appear. Threads: one.
class Dictionary {
 public:
  Dictionary();

  // A key as the format stores it: a string with its length before it. nullopt: beyond the allowance.
  std::optional<uint32_t> add(std::string_view key, uint64_t& allowance);
  // Stands for NULL: the first key (index 0), which add() never finds. False: beyond the allowance.
  bool add_placeholder(std::string_view key, uint64_t& allowance);

  uint64_t count() const { return keys_.size(); }
  std::string_view bytes() const { return bytes_.bytes(); }
  uint64_t held_bytes() const;
  void clear();
  void free();

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  struct Key {
    uint64_t begin = 0;  // in bytes_
    uint32_t size = 0;
    uint32_t hash = 0;
  };
  std::string_view key(uint32_t index) const { return bytes_.bytes().substr(keys_[index].begin, keys_[index].size); }
  bool append(std::string_view key, uint32_t hash, uint64_t& allowance);
  void insert(uint32_t index);
  bool make_room(uint64_t& allowance);

  Hash128 seed_;  // random, so that nobody can send keys with the same hash
  ByteBuffer bytes_;
  std::vector<Key> keys_;
  std::vector<uint32_t> slots_;  // index + 1 of a key, 0 = free; a power of two, at most half of them used
  bool placeholder_ = false;     // the first key is one
  uint32_t last_ = kNone;        // index of the key that was added or found last: often the next one too
};

}  // namespace freshet::columns
