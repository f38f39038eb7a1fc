// Numbers packed into text: base64, or base64 of zstd (spec of the generic metrics, 9.2).
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace freshet::processors {

// Standard alphabet without padding; unused trailing bits must be 0. Replaces `out`; false: it is none.
bool decode_base64(std::string_view text, std::string& out);

// Keeps its context from call to call. Threads: one.
class ZstdDecoder {
 public:
  // More is refused: a few bytes can become any number of them.
  static constexpr size_t kMaxSize = size_t{16} * 1024 * 1024;

  ZstdDecoder();
  ~ZstdDecoder();
  // All frames of `bytes`, one behind the other. Replaces `out`. False: cut off, corrupt, empty, or too large.
  bool decode(std::string_view bytes, std::string& out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace freshet::processors
