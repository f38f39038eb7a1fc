// Encodes ClickHouse's compressed blocks, the body format for the HTTP parameter decompress=1. A block consists of the
// CityHash128 (16 bytes) of what follows, the method (0x82 LZ4, 0x90 ZSTD), compressed size + 9 and plain size (u32 LE
// each), and the data.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "clickhouse/clickhouse_settings.h"

namespace freshet::clickhouse {

// Threads: one at a time. Reuses its buffers for the next body until trim().
class BlockEncoder {
 public:
  static constexpr size_t kBlockBytes = 1 << 20;  // maximum plain size of a block

  // `full_blocks`: every block except the last has a plain size of exactly kBlockBytes.
  explicit BlockEncoder(Compression compression, bool full_blocks = false);
  ~BlockEncoder();
  BlockEncoder(const BlockEncoder&) = delete;
  BlockEncoder& operator=(const BlockEncoder&) = delete;

  // Encodes the concatenated pieces as blocks. The view is valid until the next call. Large pieces are compressed
  // without a copy; small ones are concatenated first. Throws only std::bad_alloc.
  std::string_view encode(const std::vector<std::string_view>& pieces);
  // Frees the buffer if the last body was large. Invalidates the view that encode() returned.
  void trim();

 private:
  struct Contexts;
  void make_room(size_t plain_bytes);
  void add_block(std::string_view plain);
  size_t compress(std::string_view plain, char* out, size_t room);

  const Compression compression_;
  const size_t worth_its_own_block_;
  std::unique_ptr<Contexts> contexts_;
  std::unique_ptr<char[]> out_;  // sized for the worst case; untouched pages are never backed by memory
  size_t capacity_ = 0;
  size_t size_ = 0;
  std::unique_ptr<char[]> gathered_;
};

}  // namespace freshet::clickhouse
