#include "stream/blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace freshet::stream {
namespace {

std::string skip_request(Partition partition, std::string_view next) {
  return fmt::format(R"(POST /skip with {{"partition": {}, "offset": {}}})", partition.value, next);
}

}  // namespace

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

std::string advice(BlockReason reason, Partition partition, std::optional<Offset> at) {
  const std::string skip = skip_request(partition, at ? std::to_string(at->value + 1) : "N");
  switch (reason) {
    case BlockReason::NoValidOffset:
      return "freshet looks the offset up again every minute. To choose where reading resumes: " + skip;
    case BlockReason::UnreadableBatch:
      return "If the record batch is too large, raise --set kafka.receive.message.max.bytes and restart. To skip the "
             "batch: " +
             skip;
    case BlockReason::InvalidMessage:
      return "To keep such messages, set --dead-letter-topic and restart. To drop this one: " + skip;
    case BlockReason::DlqRateLimited:
      return "Find out why so many messages are invalid. Then raise the live option freshet_dead_letters_per_second, "
             "or "
             "send the dead letters that wait: " +
             skip_request(partition, "0");
    case BlockReason::DlqRejected:
      return "Raise the limits of the dead-letter topic and restart. To drop the message: " + skip;
    case BlockReason::SideRecordRejected:
      return "Raise the limits of the side topic; freshet retries every second. To drop the record: " + skip;
    case BlockReason::BatchBlocked:
      return fmt::format(R"(Look whether the table has the rows. If it has: POST /skip with {{"partition": {}, )"
                         R"("resolution": "stored"}}. To send them again: "retry" instead of "stored")",
                         partition.value);
  }
  return {};
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
