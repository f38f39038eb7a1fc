// Where a block puts bytes before it is complete, so that its memory does not grow with the rows of an insert.
#pragma once

#include <string_view>
#include <vector>

namespace freshet::columns {

// A part of a block: bytes, or the frame that a FrameSink made of bytes.
struct BlockPiece {
  std::string_view bytes;
  bool framed = false;
};

// Threads: the one of the block.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  // Appends the frames of `bytes` (at least one byte) to `out`. Keeps no reference to `bytes`. False: the sink takes no
  // more.
  virtual bool frame(std::string_view bytes, std::vector<BlockPiece>& out) = 0;
};

}  // namespace freshet::columns
