// Sorts lists that represent maps by name and keeps the last of equal names.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace freshet::processors {

// Most lists are short, and std::stable_sort allocates memory for every list.
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

// `name` returns an element's name, which must be ordered. Text is ordered by its bytes.
template <typename T, typename Name>
void sort_last_wins(std::vector<T>& list, Name name) {
  sort_stably(list, [&](const T& a, const T& b) { return name(a) < name(b); });
  const auto equal = [&](const T& a, const T& b) { return name(a) == name(b); };
  const auto first = std::unique(list.rbegin(), list.rend(), equal).base();
  list.erase(list.begin(), first);
}

}  // namespace freshet::processors
