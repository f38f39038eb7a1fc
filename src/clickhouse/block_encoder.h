// Encodes ClickHouse's compressed blocks, the body format for the HTTP parameter decompress=1. A block consists of the
// CityHash128 (16 bytes) of what follows, the method (0x82 LZ4, 0x90 ZSTD), compressed size + 9 and plain size (u32 LE
// each), and the data. Here they are called frames, because a block of columns has many of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "clickhouse/body_buffers.h"
#include "clickhouse/clickhouse_settings.h"
#include "columns/frame_sink.h"

namespace freshet::clickhouse {

// The concatenation of the parts.
using Body = std::vector<std::string_view>;
size_t size_of(const Body& body);

// Threads: one at a time. All throw only std::bad_alloc.
class BlockEncoder final : public columns::FrameSink {
 public:
  static constexpr size_t kBlockBytes = 1 << 20;              // maximum plain size of a frame
  static constexpr uint64_t kMostFramed = uint64_t{1} << 30;  // that frame() takes for one body

  // `full_blocks`: every frame of encode() except the last has a plain size of exactly kBlockBytes. `buffers`: where
  // its memory comes from and goes to; null = its own.
  explicit BlockEncoder(Compression compression, bool full_blocks = false,
                        std::shared_ptr<BodyBuffers> buffers = nullptr);
  ~BlockEncoder() override;
  BlockEncoder(const BlockEncoder&) = delete;
  BlockEncoder& operator=(const BlockEncoder&) = delete;

  // Encodes the concatenated pieces. The result is valid until the next body begins. Large pieces are compressed
  // without a copy; small ones are concatenated first.
  Body encode(const std::vector<std::string_view>& pieces);

  // The same for a body of which some pieces are framed before their place in it is known: begin(), frame() for each of
  // those, and finally assemble().
  void begin();
  bool frame(std::string_view bytes, std::vector<columns::BlockPiece>& out) override;
  Body assemble(const std::vector<columns::BlockPiece>& pieces);

  // Memory of the body, which may be larger than the body if larger ones were in it before.
  size_t body_memory() const;
  // Returns the memory of the body to the buffers. Invalidates the last result.
  void finish();

 private:
  struct Contexts;
  void gather(std::string_view piece, Body& body);
  void flush(Body& body);
  std::string_view add_frame(std::string_view plain);
  char* room_for_frame();
  size_t compress(std::string_view plain, char* out);

  const Compression compression_;
  const size_t worth_its_own_block_;
  const size_t worst_case_;  // of a frame
  const std::shared_ptr<BodyBuffers> buffers_;
  std::unique_ptr<Contexts> contexts_;
  std::vector<BodyBuffer> memory_;
  size_t used_ = 0;    // buffers of memory_
  size_t filled_ = 0;  // bytes of the last one of them
  uint64_t framed_ = 0;
  std::unique_ptr<char[]> gathered_;
  size_t gathered_bytes_ = 0;
};

}  // namespace freshet::clickhouse
