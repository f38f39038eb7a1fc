// Writes protobuf's wire format (https://protobuf.dev/programming-guides/encoding/). Fields with their default value
// are written, too: a data point with the value 0 must have it.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::telemetry {

class ProtobufWriter {
 public:
  void text(uint32_t field, std::string_view value) {
    tag(field, kLengthDelimited);
    bytes(value);
  }
  void varint(uint32_t field, uint64_t value) {
    tag(field, kVarint);
    plain(value);
  }
  void fixed64(uint32_t field, uint64_t value) {
    tag(field, kFixed64);
    fixed(value);
  }
  void real(uint32_t field, double value) { fixed64(field, std::bit_cast<uint64_t>(value)); }
  // `write` writes the fields of the message into the writer that it gets.
  template <std::invocable<ProtobufWriter&> Write>
  void message(uint32_t field, Write&& write) {
    ProtobufWriter inner;
    write(inner);
    text(field, inner.out_);
  }
  // A packed field of values that have eight bytes each.
  template <typename T>
  requires(sizeof(T) == 8) void packed(uint32_t field, const std::vector<T>& values) {
    tag(field, kLengthDelimited);
    plain(values.size() * sizeof(T));
    for (const T& value : values) fixed(std::bit_cast<uint64_t>(value));
  }

  const std::string& written() const { return out_; }

 private:
  static constexpr uint32_t kVarint = 0;
  static constexpr uint32_t kFixed64 = 1;
  static constexpr uint32_t kLengthDelimited = 2;

  void tag(uint32_t field, uint32_t wire_type) { plain(uint64_t{field} << 3 | wire_type); }
  void plain(uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
    out_ += static_cast<char>(value);
  }
  void fixed(uint64_t value) {
    for (int byte = 0; byte < 8; ++byte) out_ += static_cast<char>(value >> (8 * byte));
  }
  void bytes(std::string_view value) {
    plain(value.size());
    out_ += value;
  }

  std::string out_;
};

}  // namespace freshet::telemetry
