// Sorts lists that represent maps by name and keeps the last of equal names. A list is a std::vector or similar.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace freshet::processors {

// Most lists are short, and std::stable_sort allocates memory for every list.
template <typename List, typename Less>
void sort_stably(List&& list, Less less) {
  constexpr size_t kShort = 32;
  if (list.size() > kShort) return std::stable_sort(list.begin(), list.end(), less);
  for (auto at = list.begin(); at != list.end(); ++at) {
    auto moved = std::move(*at);
    const auto place = std::upper_bound(list.begin(), at, moved, less);
    std::move_backward(place, at, at + 1);
    *place = std::move(moved);
  }
}

// `name` returns an element's name, which must be ordered. Text is ordered by its bytes.
template <typename List, typename Name>
void sort_last_wins(List& list, Name name) {
  sort_stably(list, [&](const auto& a, const auto& b) { return name(a) < name(b); });
  const auto equal = [&](const auto& a, const auto& b) { return name(a) == name(b); };
  const auto reversed = [](auto at) { return std::make_reverse_iterator(at); };
  const auto first = std::unique(reversed(list.end()), reversed(list.begin()), equal).base();
  list.erase(list.begin(), first);
}

}  // namespace freshet::processors
