#include "processors/data_sets/json/object_keys.h"

#include <algorithm>

namespace freshet::processors {
namespace {

// Messages choose the names, so what is remembered of them has a limit.
constexpr size_t kMostRemembered = 1024;
constexpr size_t kLongestRemembered = 128;

void to_lower(std::string_view text, std::string& out) {
  out.assign(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
}

}  // namespace

ObjectKeys::ObjectKeys(KeyTarget::Kind unknown) : unknown_(unknown), keys_(1) {}

void ObjectKeys::add(std::string_view name, KeyTarget target) {
  const auto index = static_cast<uint32_t>(keys_.size());
  if (index_.emplace(name, index).second) keys_.push_back({std::string(name), target, 0});
}

void ObjectKeys::add_spelling(std::string_view name) {
  to_lower(name, lower_);
  spellings_.insert(lower_);
}

KeyTarget ObjectKeys::find_other(std::string_view raw) {
  // The name may be that of a column after all.
  if (raw.find('\\') != std::string_view::npos) return {KeyTarget::Kind::Json};
  auto found = index_.find(raw);
  if (found == index_.end()) {
    const KeyTarget target{kind_of_unknown(raw)};
    if (remembered_ == kMostRemembered || raw.size() > kLongestRemembered) return target;
    ++remembered_;
    add(raw, target);
    found = index_.find(raw);
  }
  keys_[last_].next = found->second;
  last_ = found->second;
  return keys_[last_].target;
}

KeyTarget::Kind ObjectKeys::kind_of_unknown(std::string_view raw) {
  to_lower(raw, lower_);
  return spellings_.contains(lower_) ? KeyTarget::Kind::Json : unknown_;
}

}  // namespace freshet::processors
