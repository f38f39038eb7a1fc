#include "columns/dictionary.h"

#include <algorithm>
#include <random>

namespace freshet::columns {
namespace {

constexpr size_t kFirstSlots = 64;

uint64_t random_seed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

Dictionary::Dictionary() : seed_{random_seed(), random_seed()} {}

std::optional<uint32_t> Dictionary::add(std::string_view wanted, uint64_t& allowance) {
  if (last_ != kNone && key(last_) == wanted) return last_;
  if (2 * (keys_.size() + 1) > slots_.size() && !make_room(allowance)) return std::nullopt;
  const auto hash = static_cast<uint32_t>(city_hash_128(wanted, seed_).low);
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask; slots_[at] != 0; at = (at + 1) & mask) {
    const uint32_t index = slots_[at] - 1;
    if (keys_[index].hash == hash && key(index) == wanted) return last_ = index;
  }
  if (!append(wanted, hash, allowance)) return std::nullopt;
  last_ = static_cast<uint32_t>(keys_.size() - 1);
  insert(last_);
  return last_;
}

bool Dictionary::add_placeholder(std::string_view text, uint64_t& allowance) {
  placeholder_ = true;
  return append(text, 0, allowance);
}

bool Dictionary::append(std::string_view text, uint32_t hash, uint64_t& allowance) {
  if (!bytes_.reserve(text.size(), allowance)) return false;
  keys_.push_back({bytes_.size(), static_cast<uint32_t>(text.size()), hash});
  bytes_.append(text.data(), text.size());
  return true;
}

void Dictionary::insert(uint32_t index) {
  const size_t mask = slots_.size() - 1;
  size_t at = keys_[index].hash & mask;
  while (slots_[at] != 0) at = (at + 1) & mask;
  slots_[at] = index + 1;
}

bool Dictionary::make_room(uint64_t& allowance) {
  const size_t slots = std::max(kFirstSlots, 2 * slots_.size());
  const uint64_t more = (slots - slots_.size()) * sizeof slots_[0] + (slots / 2 - slots_.size() / 2) * sizeof(Key);
  if (more > allowance) return false;
  allowance -= more;
  slots_.assign(slots, 0);
  keys_.reserve(slots / 2);
  for (size_t index = placeholder_ ? 1 : 0; index < keys_.size(); ++index) insert(static_cast<uint32_t>(index));
  return true;
}

uint64_t Dictionary::held_bytes() const {
  return bytes_.held_bytes() + keys_.capacity() * sizeof(Key) + slots_.capacity() * sizeof slots_[0];
}

void Dictionary::clear() {
  bytes_.clear();
  keys_.clear();
  std::fill(slots_.begin(), slots_.end(), 0);
  placeholder_ = false;
  last_ = kNone;
}

void Dictionary::free() {
  clear();
  bytes_.free();
  keys_ = {};
  slots_ = {};
}

}  // namespace freshet::columns
