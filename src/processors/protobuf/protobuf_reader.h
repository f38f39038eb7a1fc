// Reads protobuf's wire format (https://protobuf.dev/programming-guides/encoding/) like Rust's prost, which Snuba uses.
// protozero is not suitable: it refuses groups, which must be skipped here, and throws.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "processors/json/json_reader.h"

namespace freshet::processors {

enum class WireType : uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, GroupBegin = 3, GroupEnd = 4, Fixed32 = 5 };

// while (reader.next()) switch (reader.field()) { ... read exactly one value, or skip() ... }
// if (reader.failed()) -> the message is invalid, error_text() says why.
// After the first error, every call returns false. Views point into the input. Threads: one.
class ProtobufReader {
 public:
  // Maximum nesting of messages, including map entries and unknown groups. Deeper nesting is an error.
  static constexpr uint32_t kMaxDepth = 100;

  explicit ProtobufReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  bool failed() const { return what_ != nullptr; }
  const char* what() const { return what_ == nullptr ? "" : what_; }
  std::string error_text() const;
  // Always returns false. `what` must be a static string.
  bool fail(const char* what) {
    if (what_ == nullptr) what_ = what;
    at_ = end_;
    return false;
  }

  // Reads the key of the next field of the innermost message. False at its end and after an error.
  bool next() {
    if (at_ == end_) return false;
    const auto byte = static_cast<unsigned char>(*at_);
    const bool one_byte = byte >= 8 && byte < 0x80 && (byte & 7) <= 5;
    if (!one_byte) return read_key(field_, type_);
    field_ = byte >> 3;
    type_ = static_cast<WireType>(byte & 7);
    ++at_;
    return true;
  }
  uint32_t field() const { return field_; }
  WireType type() const { return type_; }

  // A known field with another wire type is an error.
  bool read_varint(uint64_t& out) { return expect(WireType::Varint) && varint(out); }
  bool read_double(double& out) {
    if (!expect(WireType::Fixed64)) return false;
    if (end_ - at_ < 8) return fail("the message is truncated");
    std::memcpy(&out, at_, 8);  // little-endian, like this CPU
    at_ += 8;
    return true;
  }
  bool read_bytes(std::string_view& out) { return expect(WireType::Bytes) && bytes(out); }
  // Must be UTF-8. Sets `plain` if the text needs no escaping.
  bool read_string(JsonString& out) { return expect(WireType::Bytes) && string(out); }
  // Skips the value of the field that next() returned.
  bool skip();

  // Enters a nested message. next() then returns its fields until it returns false; then call leave() with the value
  // that enter() has set.
  struct Outer {
    const char* end = nullptr;
  };
  bool enter(Outer& outer) { return expect(WireType::Bytes) && enter_any(outer); }
  // Ignores the wire type, as prost does for map entries.
  bool enter_any(Outer& outer) {
    if (depth_ >= kMaxDepth) return fail("nested too deeply");
    size_t size = 0;
    if (!length(size)) return false;
    outer.end = end_;
    end_ = at_ + size;
    ++depth_;
    return true;
  }
  bool leave(const Outer& outer) {
    if (failed()) return false;
    end_ = outer.end;
    --depth_;
    return true;
  }

 private:
  bool expect(WireType type) { return type_ == type || fail("a field has the wrong wire type"); }
  bool read_key(uint32_t& field, WireType& type);
  bool varint(uint64_t& out) {
    if (at_ != end_ && static_cast<unsigned char>(*at_) < 0x80) {
      out = static_cast<unsigned char>(*at_++);
      return true;
    }
    return long_varint(out);
  }
  bool long_varint(uint64_t& out);
  bool length(size_t& out) {
    uint64_t size = 0;
    if (!varint(size)) return false;
    if (size > static_cast<uint64_t>(end_ - at_)) return fail("the message is truncated");
    out = static_cast<size_t>(size);
    return true;
  }
  bool bytes(std::string_view& out) {
    size_t size = 0;
    if (!length(size)) return false;
    out = {at_, size};
    at_ += size;
    return true;
  }
  bool string(JsonString& out);
  bool skip_scalar(WireType type);
  bool skip_group();

  const char* at_;
  const char* end_;  // end of the innermost message
  const char* what_ = nullptr;
  uint32_t depth_ = 0;
  uint32_t field_ = 0;
  WireType type_ = WireType::Varint;
};

}  // namespace freshet::processors
