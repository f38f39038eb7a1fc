#include "stream/dead_letter_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace freshet::stream {
namespace {

constexpr Duration kRetry = std::chrono::seconds(1);
constexpr Duration kPatience = std::chrono::seconds(5);  // a leader election, a slow broker

}  // namespace

DeadLetterDesk::DeadLetterDesk(const LiveOptions& options, SteadyTime now)
    : per_second_(options.dead_letters_per_second),
      burst_(static_cast<double>(options.dead_letter_burst)),
      tokens_(burst_),
      refilled_at_(now) {}

void DeadLetterDesk::add(std::shared_ptr<const DeadLetter> letter, Epoch epoch) {
  const uint64_t ticket = next_ticket_++;
  const auto added = letters_.emplace(ticket, Open{std::move(letter), epoch, false});
  await_turn(ticket, added.first->second);
}

void DeadLetterDesk::await_turn(uint64_t ticket, const Open& open) {
  const Partition partition = open.letter->partition;
  waiting_.push_back(ticket);
  Waiting& waiting = waiting_of_[partition];
  waiting.epoch = open.epoch;
  ++waiting.letters;
  may_flood_.insert(partition);
}

void DeadLetterDesk::leave_queue(Partition partition) {
  waiting_.pop_front();
  const auto found = waiting_of_.find(partition);
  if (--found->second.letters > 0) return;
  waiting_of_.erase(found);
  may_flood_.erase(partition);
}

void DeadLetterDesk::send(uint64_t ticket, Open& open, SteadyTime now, std::vector<OutgoingLetter>& out) {
  if (!unanswered_since_) unanswered_since_ = now;
  open.in_flight = true;
  ++in_flight_;
  ++in_flight_of_[open.letter->partition];
  out.push_back({ticket, open.letter});
}

void DeadLetterDesk::came_back(Open& open) {
  if (!std::exchange(open.in_flight, false)) return;
  --in_flight_;
  const auto found = in_flight_of_.find(open.letter->partition);
  if (--found->second == 0) in_flight_of_.erase(found);
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
  asleep_[letter.partition].push_back(ticket);
  return true;
}

void DeadLetterDesk::go_on(Partition partition) {
  suspended_.erase(partition);
  if (waiting_of_.contains(partition)) may_flood_.insert(partition);
  const auto found = asleep_.find(partition);
  if (found == asleep_.end()) return;
  for (const uint64_t ticket : found->second) {
    if (const auto open = letters_.find(ticket); open != letters_.end()) await_turn(ticket, open->second);
  }
  asleep_.erase(found);
}

void DeadLetterDesk::take_sendable(SteadyTime now, std::vector<OutgoingLetter>& out, std::vector<Held>& held) {
  while (!retry_.empty() && retry_.begin()->first <= now && in_flight_ < kMaxInFlight) {
    const auto found = letters_.find(retry_.begin()->second);
    retry_.erase(retry_.begin());
    if (found == letters_.end() || asleep(found->first, *found->second.letter)) continue;
    send(found->first, found->second, now, out);
  }
  if (!any_on_its_way()) unanswered_since_.reset();  // the last ones were forgotten
  while (!waiting_.empty() && in_flight_ < kMaxInFlight) {
    const auto found = letters_.find(waiting_.front());
    if (found == letters_.end()) {
      waiting_.pop_front();
    } else if (asleep(found->first, *found->second.letter)) {
      leave_queue(found->second.letter->partition);
    } else if (!flooded_ && take_token(now)) {
      leave_queue(found->second.letter->partition);
      send(found->first, found->second, now, out);
    } else {
      flooded_ = true;
      return hold_flooded(held);
    }
  }
}

void DeadLetterDesk::hold_flooded(std::vector<Held>& held) {
  for (auto next = may_flood_.begin(); next != may_flood_.end();) {
    const Partition partition = *next;
    next = suspended_.contains(partition) ? std::next(next) : may_flood_.erase(next);
    if (suspended_.contains(partition)) continue;
    held.push_back({partition, waiting_of_.at(partition).epoch, BlockReason::DlqRateLimited,
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
  came_back(open);
  const bool comes_again = !status && status.error().kind != ErrorKind::Invalid;
  if (!comes_again) unanswered_since_ = any_on_its_way() ? std::optional(now) : std::nullopt;
  if (status) {
    finished.push_back({open.letter->partition, open.epoch, open.letter->offset});
    letters_.erase(found);
  } else if (status.error().kind == ErrorKind::Invalid) {
    open.refused = fmt::format("the dead letter of offset {} is refused by its topic: {}", open.letter->offset.value,
                               status.error().text);
    held.push_back({open.letter->partition, open.epoch, BlockReason::DlqRejected, open.refused});
  } else {
    last_error_ = status.error().text;
    retry_.emplace(now + kRetry, ticket);
  }
}

void DeadLetterDesk::drop_refused(Partition partition, Offset next, std::vector<Finished>& finished) {
  std::erase_if(letters_, [&](const auto& entry) {
    const Open& open = entry.second;
    if (open.refused.empty() || open.letter->partition != partition || open.letter->offset >= next) return false;
    finished.push_back({partition, open.epoch, open.letter->offset});
    return true;
  });
}

void DeadLetterDesk::forget(Partition partition, Epoch epoch) {
  suspended_.erase(partition);
  asleep_.erase(partition);
  waiting_of_.erase(partition);
  may_flood_.erase(partition);
  for (auto next = letters_.begin(); next != letters_.end();) {
    Open& open = next->second;
    const bool over = open.letter->partition == partition && open.epoch == epoch;
    if (over) came_back(open);
    next = over ? letters_.erase(next) : std::next(next);
  }
}

void DeadLetterDesk::release_flood(SteadyTime now) {
  flooded_ = false;
  for (const auto& [partition, waiting] : waiting_of_) may_flood_.insert(partition);
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

const DeadLetterDesk::Open* DeadLetterDesk::lowest_refused(Partition partition) const {
  const Open* lowest = nullptr;
  for (const auto& [ticket, open] : letters_) {
    if (open.refused.empty() || open.letter->partition != partition) continue;
    if (lowest == nullptr || open.letter->offset < lowest->letter->offset) lowest = &open;
  }
  return lowest;
}

std::optional<std::string> DeadLetterDesk::first_refused(Partition partition) const {
  const Open* first = lowest_refused(partition);
  return first != nullptr ? std::optional(first->refused) : std::nullopt;
}

std::optional<Offset> DeadLetterDesk::first_refused_at(Partition partition) const {
  const Open* first = lowest_refused(partition);
  return first != nullptr ? std::optional(first->letter->offset) : std::nullopt;
}

std::string DeadLetterDesk::reason_code(uint64_t ticket) const {
  const auto found = letters_.find(ticket);
  return found == letters_.end() ? std::string() : found->second.letter->reason_code;
}

std::string DeadLetterDesk::trouble(SteadyTime now) const {
  if (!unanswered_since_ || !any_on_its_way() || now - *unanswered_since_ < kPatience) return {};
  return fmt::format(
      "the dead-letter topic has taken no letter for {} s, and offsets wait for it: check that the topic exists and "
      "its brokers answer{}{}",
      std::chrono::duration_cast<std::chrono::seconds>(now - *unanswered_since_).count(),
      last_error_.empty() ? "" : "; ", last_error_);
}

std::optional<SteadyTime> DeadLetterDesk::next_deadline() const {
  if (retry_.empty() || in_flight_ >= kMaxInFlight) return std::nullopt;
  return retry_.begin()->first;
}

}  // namespace freshet::stream
