#include "outcomes/seen_items.h"

#include <cstring>
#include <string_view>

namespace freshet::outcomes {

size_t IdentityHash::operator()(const ItemIdentity& identity) const noexcept {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(&identity), sizeof identity});
}

void SeenItems::remember(const IdentitySet& items) {
  for (const ItemIdentity& item : items) {
    const auto [at, added] = seen_.insert(item);
    if (!added) continue;
    oldest_first_.push_back(&*at);
    if (oldest_first_.size() <= capacity_) continue;
    seen_.erase(seen_.find(*oldest_first_.front()));
    oldest_first_.pop_front();
  }
}

}  // namespace freshet::outcomes
