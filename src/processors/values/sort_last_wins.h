// Sorts lists that represent maps by name and keeps the last of equal names.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace freshet::processors {

// The first eight bytes of a text as a number. Texts whose heads differ have the order of their heads.
inline uint64_t text_head(std::string_view text) {
  uint64_t head = 0;
  if (std::endian::native == std::endian::little && text.size() >= sizeof head) {
    std::memcpy(&head, text.data(), sizeof head);
    return __builtin_bswap64(head);
  }
  for (size_t i = 0; i < sizeof head; ++i) {
    head = head << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0);
  }
  return head;
}

// As text_head(). Eight bytes must be readable.
inline uint64_t padded_head(std::string_view text) {
  if constexpr (std::endian::native != std::endian::little) return text_head(text);
  uint64_t head = 0;
  std::memcpy(&head, text.data(), sizeof head);
  head = __builtin_bswap64(head);
  return text.size() >= sizeof head ? head : head & ~(~uint64_t{0} >> (8 * text.size()));
}

// Most lists are short, and std::stable_sort allocates memory for every list.
template <typename Iterator, typename Less>
void sort_stably(Iterator begin, Iterator end, Less less) {
  constexpr auto kShort = 32;
  if (end - begin > kShort) return std::stable_sort(begin, end, less);
  for (auto at = begin; at != end; ++at) {
    auto moved = std::move(*at);
    const auto place = std::upper_bound(begin, at, moved, less);
    std::move_backward(place, at, at + 1);
    *place = std::move(moved);
  }
}

// `name` returns an element's name, which must be ordered. Text is ordered by its bytes. Returns the end of the
// elements that are kept.
template <typename Iterator, typename Name>
Iterator sort_last_wins(Iterator begin, Iterator end, Name name) {
  // Many producers send them in order.
  const auto in_order = [&](const auto& a, const auto& b) { return name(a) < name(b); };
  if (std::adjacent_find(begin, end, std::not_fn(in_order)) == end) return end;
  sort_stably(begin, end, in_order);
  auto kept = begin;
  for (auto at = begin; at != end; ++at) {
    if (at + 1 != end && name(*at) == name(*(at + 1))) continue;
    if (kept != at) *kept = std::move(*at);
    ++kept;
  }
  return kept;
}

template <typename T, typename Name>
void sort_last_wins(std::vector<T>& list, Name name) {
  list.erase(sort_last_wins(list.begin(), list.end(), name), list.end());
}

}  // namespace freshet::processors
