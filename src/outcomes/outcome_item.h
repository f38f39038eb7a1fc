// The outcomes of one trace item: quantities by category, and the identity of the item (docs/snuba-data-sets.md, 17).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace freshet {

// Items with the same identity are one item that was sent twice.
struct ItemIdentity {
  uint64_t organization_id = 0;
  uint64_t project_id = 0;
  std::array<unsigned char, 16> trace_id{};
  std::array<unsigned char, 16> item_id{};
  uint32_t timestamp = 0;  // low 32 bits of the seconds
  uint32_t unused = 0;     // padding, always 0
  auto operator<=>(const ItemIdentity&) const = default;
};

// An item as a "row": this struct followed by `counts` OutcomeCounts, in memory layout. It never leaves the process.
struct OutcomeItem {
  ItemIdentity identity;
  uint64_t key_id = 0;
  int64_t received = 0;     // seconds since 1970, any value
  uint32_t counts = 0;      // number of OutcomeCounts that follow
  bool may_repeat = false;  // duplicates are recognised by the identity
  std::array<unsigned char, 3> unused{};
};

struct OutcomeCount {
  uint64_t quantity = 0;
  uint32_t category = 0;
  uint32_t unused = 0;
};

template <typename T>
void append_plain(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// False at the end of `in`.
template <typename T>
bool take_plain(std::string_view& in, T& value) {
  if (in.size() < sizeof value) return false;
  std::memcpy(&value, in.data(), sizeof value);
  in.remove_prefix(sizeof value);
  return true;
}

}  // namespace freshet
