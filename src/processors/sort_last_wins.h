// Lists that stand for maps: sorted by name, of equal names the last one (common 3.3).
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace freshet::processors {

// Short lists are the rule, and std::stable_sort allocates for any.
template <typename T, typename Less>
void sort_stably(std::vector<T>& list, Less less) {
  constexpr size_t kShort = 32;
  if (list.size() > kShort) return std::stable_sort(list.begin(), list.end(), less);
  for (auto at = list.begin(); at != list.end(); ++at) {
    T moved = std::move(*at);
    const auto place = std::upper_bound(list.begin(), at, moved, less);
    std::move_backward(place, at, at + 1);
    *place = std::move(moved);
  }
}

// `name` gives what an element is called, something that has an order. Names of text are ordered by their bytes.
template <typename T, typename Name>
void sort_last_wins(std::vector<T>& list, Name name) {
  sort_stably(list, [&](const T& a, const T& b) { return name(a) < name(b); });
  const auto equal = [&](const T& a, const T& b) { return name(a) == name(b); };
  const auto first = std::unique(list.rbegin(), list.rend(), equal).base();
  list.erase(list.begin(), first);
}

}  // namespace freshet::processors
