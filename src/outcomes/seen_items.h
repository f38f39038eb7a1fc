// Recently counted items, so that an item that arrives twice counts once.
#pragma once

#include <cstddef>
#include <deque>
#include <unordered_set>
#include <vector>

#include "outcomes/outcome_item.h"

namespace freshet::outcomes {

struct IdentityHash {
  size_t operator()(const ItemIdentity& identity) const noexcept;
};
using IdentitySet = std::unordered_set<ItemIdentity, IdentityHash>;

// Remembers the last `capacity` items, in about 120 bytes each. Threads: one.
class SeenItems {
 public:
  explicit SeenItems(size_t capacity) : capacity_(capacity) {}

  bool contains(const ItemIdentity& identity) const { return seen_.contains(identity); }
  // Call only once the broker has the records: after a failure, items that are read again must count.
  void remember(const IdentitySet& items);
  size_t size() const { return seen_.size(); }

 private:
  const size_t capacity_;
  IdentitySet seen_;
  std::deque<const ItemIdentity*> oldest_first_;  // pointers into seen_, whose elements are stable
};

}  // namespace freshet::outcomes
