#include "stream/dead_letter_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace freshet::stream {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);

}  // namespace

DeadLetterDesk::DeadLetterDesk(const LiveOptions& options, SteadyTime now)
    : per_second_(options.dead_letters_per_second),
      burst_(static_cast<double>(options.dead_letter_burst)),
      tokens_(burst_),
      refilled_at_(now) {}

void DeadLetterDesk::add(DeadLetter letter, Epoch epoch) {
  const uint64_t ticket = next_ticket_++;
  letters_.emplace(ticket, Open{std::make_shared<const DeadLetter>(std::move(letter)), epoch, false});
  waiting_.push_back(ticket);
  flood_grew_ = true;
}

bool DeadLetterDesk::take_token(SteadyTime now) {
  if (per_second_ <= 0) return true;
  tokens_ = std::min(burst_, tokens_ + std::chrono::duration<double>(now - refilled_at_).count() * per_second_);
  refilled_at_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

bool DeadLetterDesk::asleep(uint64_t ticket, const DeadLetter& letter) {
  if (!suspended_.contains(letter.partition)) return false;
  asleep_.push_back(ticket);
  return true;
}

void DeadLetterDesk::go_on(Partition partition) {
  suspended_.erase(partition);
  flood_grew_ = true;
  std::erase_if(asleep_, [&](uint64_t ticket) {
    const auto found = letters_.find(ticket);
    if (found == letters_.end()) return true;
    if (found->second.letter->partition != partition) return false;
    waiting_.push_back(ticket);
    return true;
  });
}

void DeadLetterDesk::take_sendable(SteadyTime now, std::vector<OutgoingLetter>& out, std::vector<Held>& held) {
  while (!retry_.empty() && retry_.begin()->first <= now) {
    const auto found = letters_.find(retry_.begin()->second);
    retry_.erase(retry_.begin());
    if (found == letters_.end() || asleep(found->first, *found->second.letter)) continue;
    found->second.in_flight = true;
    out.push_back({found->first, found->second.letter});
  }
  while (!waiting_.empty()) {
    const auto found = letters_.find(waiting_.front());
    if (found == letters_.end() || asleep(found->first, *found->second.letter)) {
      waiting_.pop_front();
      continue;
    }
    if (!flooded_ && take_token(now)) {
      found->second.in_flight = true;
      out.push_back({found->first, found->second.letter});
      waiting_.pop_front();
      continue;
    }
    flooded_ = true;
    return hold_flooded(held);
  }
}

void DeadLetterDesk::hold_flooded(std::vector<Held>& held) {
  if (!std::exchange(flood_grew_, false)) return;
  std::set<Partition> seen;
  for (const uint64_t ticket : waiting_) {
    const auto open = letters_.find(ticket);
    if (open == letters_.end() || suspended_.contains(open->second.letter->partition)) continue;
    if (!seen.insert(open->second.letter->partition).second) continue;
    held.push_back({open->second.letter->partition, open->second.epoch, Hold::Flood,
                    fmt::format("more than {:g} dead letters per second; fix the producer, then release the partition "
                                "or raise the limit",
                                per_second_)});
  }
}

void DeadLetterDesk::result(uint64_t ticket, const Status& status, SteadyTime now, std::vector<Finished>& finished,
                            std::vector<Held>& held) {
  const auto found = letters_.find(ticket);
  if (found == letters_.end()) return;  // its epoch is over
  Open& open = found->second;
  open.in_flight = false;
  if (status) {
    finished.push_back({open.letter->partition, open.epoch, open.letter->offset});
    letters_.erase(found);
  } else if (status.error().kind == ErrorKind::Invalid) {
    open.refused = fmt::format("the dead letter of offset {} is refused by its topic: {}", open.letter->offset.value,
                               status.error().text);
    held.push_back({open.letter->partition, open.epoch, Hold::TooLarge, open.refused});
  } else {
    retry_.emplace(now + kRetry, ticket);
  }
}

void DeadLetterDesk::drop_before(Partition partition, Offset next, std::vector<Finished>& finished) {
  std::erase_if(letters_, [&](const auto& entry) {
    const Open& open = entry.second;
    if (open.letter->partition != partition || open.letter->offset >= next || open.in_flight) return false;
    finished.push_back({partition, open.epoch, open.letter->offset});
    return true;
  });
}

void DeadLetterDesk::forget(Partition partition, Epoch epoch) {
  suspended_.erase(partition);
  std::erase_if(letters_, [&](const auto& entry) {
    return entry.second.letter->partition == partition && entry.second.epoch == epoch;
  });
}

void DeadLetterDesk::release_flood(SteadyTime now) {
  flooded_ = false;
  flood_grew_ = true;
  tokens_ = burst_;
  refilled_at_ = now;
}

void DeadLetterDesk::set_limit(const LiveOptions& options, SteadyTime now) {
  const double burst = static_cast<double>(options.dead_letter_burst);
  if (options.dead_letters_per_second == per_second_ && burst == burst_) return;
  per_second_ = options.dead_letters_per_second;
  burst_ = burst;
  release_flood(now);
}

bool DeadLetterDesk::in_flight(Partition partition) const {
  return std::any_of(letters_.begin(), letters_.end(), [&](const auto& entry) {
    return entry.second.in_flight && entry.second.letter->partition == partition;
  });
}

std::optional<std::string> DeadLetterDesk::first_refused(Partition partition) const {
  const Open* first = nullptr;
  for (const auto& [ticket, open] : letters_) {
    if (open.refused.empty() || open.letter->partition != partition) continue;
    if (first == nullptr || open.letter->offset < first->letter->offset) first = &open;
  }
  return first != nullptr ? std::optional(first->refused) : std::nullopt;
}

std::string DeadLetterDesk::reason_code(uint64_t ticket) const {
  const auto found = letters_.find(ticket);
  return found == letters_.end() ? std::string() : found->second.letter->reason_code;
}

std::optional<SteadyTime> DeadLetterDesk::next_deadline() const {
  if (retry_.empty()) return std::nullopt;
  return retry_.begin()->first;
}

}  // namespace freshet::stream
