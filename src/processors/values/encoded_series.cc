#include "processors/values/encoded_series.h"

#include <zstd.h>

#include <array>
#include <cstdint>

namespace freshet::processors {
namespace {

constexpr std::array<int8_t, 256> make_base64_digits() {
  std::array<int8_t, 256> digits{};
  for (auto& digit : digits) digit = -1;
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
  }
  return digits;
}
constexpr std::array<int8_t, 256> kBase64Digits = make_base64_digits();

}  // namespace

bool decode_base64(std::string_view text, std::string& out) {
  out.clear();
  out.reserve(text.size() / 4 * 3 + 2);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int digit = kBase64Digits[static_cast<unsigned char>(c)];
    if (digit < 0) return false;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xFF);
  }
  return count < 6 && (bits & ((1u << count) - 1)) == 0;
}

struct ZstdDecoder::Context {
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> zstd{ZSTD_createDCtx()};
};

ZstdDecoder::ZstdDecoder() : context_(std::make_unique<Context>()) {}
ZstdDecoder::~ZstdDecoder() = default;

bool ZstdDecoder::decode(std::string_view bytes, std::string& out) {
  out.clear();
  ZSTD_DCtx* const zstd = context_->zstd.get();
  if (bytes.empty() || zstd == nullptr) return false;
  ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::array<char, 16 * 1024> part;
  while (true) {
    ZSTD_outBuffer piece{part.data(), part.size(), 0};
    const size_t wanted = ZSTD_decompressStream(zstd, &piece, &in);
    if (ZSTD_isError(wanted) != 0 || out.size() + piece.pos > kMaxSize) return false;
    out.append(part.data(), piece.pos);
    if (wanted == 0 && in.pos == in.size) return true;
    // The input ends in the middle of the frame.
    if (in.pos == in.size && piece.pos < piece.size) return false;
  }
}

}  // namespace freshet::processors
