// Encodes ClickHouse's compressed blocks, the body format for the HTTP parameter decompress=1. A block consists of the
// CityHash128 (16 bytes) of what follows, the method (0x82 LZ4, 0x90 ZSTD), compressed size + 9 and plain size (u32 LE
// each), and the data.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "clickhouse/body_buffers.h"
#include "clickhouse/clickhouse_settings.h"

namespace freshet::clickhouse {

// Threads: one at a time.
class BlockEncoder {
 public:
  static constexpr size_t kBlockBytes = 1 << 20;  // maximum plain size of a block

  // `full_blocks`: every block except the last has a plain size of exactly kBlockBytes. `buffers`: where its memory
  // comes from and goes to; null = its own.
  explicit BlockEncoder(Compression compression, bool full_blocks = false,
                        std::shared_ptr<BodyBuffers> buffers = nullptr);
  ~BlockEncoder();
  BlockEncoder(const BlockEncoder&) = delete;
  BlockEncoder& operator=(const BlockEncoder&) = delete;

  // Encodes the concatenated pieces as blocks. The view is valid until the next call. Large pieces are compressed
  // without a copy; small ones are concatenated first. Throws only std::bad_alloc.
  std::string_view encode(const std::vector<std::string_view>& pieces);
  // Memory of the body, which may be larger than the body if larger ones were in it before.
  size_t body_memory() const { return body_.touched; }
  // Returns the memory of the body to the buffers (see BodyBuffers::put). Invalidates the view that encode() returned.
  void finish();

 private:
  struct Contexts;
  void make_room(size_t plain_bytes);
  void add_block(std::string_view plain);
  size_t compress(std::string_view plain, char* out, size_t room);

  const Compression compression_;
  const size_t worth_its_own_block_;
  const std::shared_ptr<BodyBuffers> buffers_;
  std::unique_ptr<Contexts> contexts_;
  BodyBuffer body_;  // its capacity is for the worst case; what is not touched takes no memory
  size_t size_ = 0;
  std::unique_ptr<char[]> gathered_;
};

}  // namespace freshet::clickhouse
