// Decodes lists of numbers that are packed as base64, or as base64 of zstd.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace freshet::processors {

// Standard alphabet without padding; unused trailing bits must be 0. Replaces `out`. False: not valid base64.
bool decode_base64(std::string_view text, std::string& out);

// Reuses its zstd context. Threads: one.
class ZstdDecoder {
 public:
  // Larger results are refused: a few compressed bytes can expand to any size.
  static constexpr size_t kMaxSize = size_t{16} * 1024 * 1024;

  ZstdDecoder();
  ~ZstdDecoder();
  // Decodes all frames of `bytes`. Replaces `out`. False: truncated, corrupt, empty, or too large.
  bool decode(std::string_view bytes, std::string& out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace freshet::processors
