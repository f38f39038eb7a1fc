#include "schemas/protobuf_walk.h"

#include <cstdint>
#include <vector>

namespace freshet::schemas {
namespace {

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kGroupBegin = 3, kGroupEnd = 4, kFixed32 = 5 };
constexpr size_t kMaxGroups = 100;

bool take_varint(std::string_view& in, uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    if (shift == 63 && byte > 1) return false;
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool take_bytes(std::string_view& in, uint64_t size) {
  if (size > in.size()) return false;
  in.remove_prefix(static_cast<size_t>(size));
  return true;
}

}  // namespace

std::optional<std::string> ProtobufWalk::why_invalid(std::string_view in) {
  std::vector<uint64_t> groups;
  while (!in.empty()) {
    uint64_t key = 0;
    if (!take_varint(in, key) || key >> 3 == 0 || key > UINT32_MAX) return "no protobuf: no field begins here";
    uint64_t number = 0;
    bool good = true;
    switch (key & 7) {
      case kVarint:
        good = take_varint(in, number);
        break;
      case kFixed64:
        good = take_bytes(in, 8);
        break;
      case kBytes:
        good = take_varint(in, number) && take_bytes(in, number);
        break;
      case kGroupBegin:
        groups.push_back(key >> 3);
        good = groups.size() <= kMaxGroups;
        break;
      case kGroupEnd:
        good = !groups.empty() && groups.back() == key >> 3;
        if (good) groups.pop_back();
        break;
      case kFixed32:
        good = take_bytes(in, 4);
        break;
      default:
        good = false;
    }
    if (!good) return "no protobuf: a field's value is cut off or of no known kind";
  }
  if (!groups.empty()) return "no protobuf: a group does not end";
  return std::nullopt;
}

}  // namespace freshet::schemas
