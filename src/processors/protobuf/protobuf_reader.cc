#include "processors/protobuf/protobuf_reader.h"

#include <fmt/format.h>

#include <array>

#include "processors/json/text_check.h"

namespace freshet::processors {

std::string ProtobufReader::error_text() const { return fmt::format("invalid message: {}", what()); }

bool ProtobufReader::long_varint(uint64_t& out) {
  out = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (at_ == end_) return fail("the message is truncated");
    const auto byte = static_cast<unsigned char>(*at_++);
    if (shift == 63 && byte > 1) return fail("an integer has more than 64 bits");
    out |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return fail("an integer has more than 64 bits");
}

bool ProtobufReader::read_key(uint32_t& field, WireType& type) {
  uint64_t key = 0;
  if (!varint(key)) return false;
  if (key > UINT32_MAX || (key & 7) > 5) return fail("expected a field");
  field = static_cast<uint32_t>(key >> 3);
  type = static_cast<WireType>(key & 7);
  return field != 0 || fail("a field has the number 0");
}

bool ProtobufReader::string(JsonString& out) {
  if (!bytes(out.view)) return false;
  return check_text(out.view, out.plain) || fail("a string is not UTF-8");
}

bool ProtobufReader::skip() {
  if (failed()) return false;
  if (depth_ >= kMaxDepth) return fail("nested too deeply");
  return type_ == WireType::GroupBegin ? skip_group() : skip_scalar(type_);
}

bool ProtobufReader::skip_scalar(WireType type) {
  uint64_t ignored = 0;
  std::string_view bytes_ignored;
  switch (type) {
    case WireType::Varint:
      return varint(ignored);
    case WireType::Bytes:
      return bytes(bytes_ignored);
    case WireType::Fixed64:
    case WireType::Fixed32: {
      const ptrdiff_t size = type == WireType::Fixed64 ? 8 : 4;
      if (end_ - at_ < size) return fail("the message is truncated");
      at_ += size;
      return true;
    }
    case WireType::GroupBegin:
    case WireType::GroupEnd:
      break;
  }
  return fail("a group end without its start");
}

bool ProtobufReader::skip_group() {
  std::array<uint32_t, kMaxDepth + 1> open;
  size_t count = 0;
  open[count++] = field_;
  while (count > 0) {
    uint32_t field = 0;
    WireType type{};
    if (!read_key(field, type)) return false;
    if (type == WireType::GroupEnd) {
      if (field != open[--count]) return fail("a group end without its start");
      continue;
    }
    if (depth_ + count >= kMaxDepth) return fail("nested too deeply");
    if (type == WireType::GroupBegin) {
      open[count++] = field;
    } else if (!skip_scalar(type)) {
      return false;
    }
  }
  return true;
}

}  // namespace freshet::processors
