#include "stream/blocks.h"

#include <algorithm>
#include <utility>

namespace freshet::stream {
const char* to_string(BlockReason reason) {
  switch (reason) {
    case BlockReason::NoValidOffset:
      return "no_valid_offset";
    case BlockReason::UnreadableBatch:
      return "unreadable_batch";
    case BlockReason::InvalidMessage:
      return "invalid_message";
    case BlockReason::DlqRateLimited:
      return "dlq_rate_limited";
    case BlockReason::DlqRejected:
      return "dlq_rejected";
    case BlockReason::SideRecordRejected:
      return "side_record_rejected";
    case BlockReason::BatchBlocked:
      return "batch_blocked";
  }
  return "unknown";
}

bool Blocks::add(BlockReason reason, std::string text) {
  if (has(reason)) return false;
  blocks_.push_back({reason, std::move(text)});
  if (blocks_.size() == 1) logged_.resolve();
  return true;
}

bool Blocks::remove(BlockReason reason) {
  if (std::erase_if(blocks_, [&](const Block& block) { return block.reason == reason; }) == 0) return false;
  logged_.resolve();
  return true;
}

void Blocks::set_text(BlockReason reason, const std::string& text) {
  for (Block& block : blocks_) {
    if (block.reason == reason) block.text = text;
  }
}

bool Blocks::has(BlockReason reason) const {
  return std::any_of(blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.reason == reason; });
}

bool Blocks::only(BlockReason reason) const { return first_but(reason) == nullptr; }

const Blocks::Block* Blocks::first_but(BlockReason reason) const {
  const auto other =
      std::find_if(blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.reason != reason; });
  return other != blocks_.end() ? &*other : nullptr;
}

bool Blocks::take_log_due(SteadyTime now) { return any() && logged_.admit({}, now).has_value(); }

}  // namespace freshet::stream
