#include "stream/fetch_turns.h"

#include <algorithm>
#include <utility>

namespace freshet::stream {
namespace {

constexpr Duration kBetweenLooks = std::chrono::seconds(1);

}  // namespace

void FetchTurns::set_partitions(const std::vector<Partition>& partitions, SteadyTime now) {
  const auto same = [](const auto& known, Partition one) { return known.first == one; };
  if (std::equal(partitions_.begin(), partitions_.end(), partitions.begin(), partitions.end(), same)) return;
  std::map<Partition, Heard> next;
  for (const Partition one : partitions) {
    const auto known = partitions_.find(one);
    next.emplace(one, known == partitions_.end() ? Heard{now} : known->second);
  }
  partitions_ = std::move(next);
  std::erase_if(turn_, [&](Partition one) { return !partitions_.contains(one); });
  missing_ = static_cast<size_t>(
      std::count_if(partitions_.begin(), partitions_.end(), [](const auto& one) { return one.second.missing; }));
}

void FetchTurns::heard(Partition partition, bool at_end, SteadyTime now) {
  const auto known = partitions_.find(partition);
  if (known == partitions_.end()) return;
  known->second.offered_at = now;
  known->second.silent = at_end;
  found(known->second);
  if (!at_end) known->second.overdue_after = kOverdue;
  if (turn_.erase(partition) == 0) return;
  waits_since_ = now;
  if (at_end) had_nothing(known->second);
}

void FetchTurns::had_nothing(Heard& heard) { heard.overdue_after = std::min(2 * heard.overdue_after, kLongestOverdue); }

void FetchTurns::found(Heard& heard) {
  heard.missed = 0;
  if (std::exchange(heard.missing, false)) --missing_;
}

void FetchTurns::advance(Intake intake, SteadyTime now) {
  const bool open = intake == Intake::Open;
  if (!open && intake != Intake::Behind) open_since_.reset();
  if (open && !open_since_) open_since_ = now;
  if (open && now - *open_since_ >= kAnswers && turn_.empty()) all_offered_at_ = now;
  if (intake == Intake::Stopped) return turn_.clear();
  if (turn_.empty()) return begin_turn(now);
  if (std::exchange(turn_begins_, false) || !open_since_) waits_since_ = now;
  if (now - waits_since_ >= kAnswers) end_fruitless_turn();
}

void FetchTurns::begin_turn(SteadyTime now) {
  if (open_since_ || now - looked_at_ < kBetweenLooks) return;
  looked_at_ = now;
  std::set<Partition> due;
  std::set<Partition> soon;
  for (const auto& [partition, heard] : partitions_) {
    if (overdue(heard, now)) due.insert(partition);
    if (overdue(heard, now) || silence(heard, now) >= heard.overdue_after / 2) soon.insert(partition);
  }
  // If nothing was heard of any, the order of the source is not the reason.
  if (due.empty() || due.size() == partitions_.size()) return;
  turn_ = soon.size() < partitions_.size() ? std::move(soon) : std::move(due);
  turn_begins_ = true;
}

void FetchTurns::end_fruitless_turn() {
  for (const Partition partition : std::exchange(turn_, {})) {
    Heard& heard = partitions_.at(partition);
    heard.offered_at = waits_since_;
    heard.silent = true;
    found(heard);
    had_nothing(heard);
  }
}

bool FetchTurns::held_back(Partition partition) const {
  return !turn_.empty() && (turn_begins_ || !turn_.contains(partition));
}

std::optional<SteadyTime> FetchTurns::next_deadline() const {
  if (turn_.empty()) return std::nullopt;
  return turn_begins_ ? SteadyTime() : waits_since_ + kAnswers;
}

void FetchTurns::begin_burst() {
  missing_ = 0;
  for (auto& [partition, heard] : partitions_) {
    if (heard.missing) ++heard.missed;
    const bool fell_silent = heard.silent || heard.offered_at + kAnswers < all_offered_at_;
    heard.missing = !fell_silent && !held_back(partition);
    missing_ += heard.missing ? 1 : 0;
  }
}

bool FetchTurns::overdue(const Heard& heard, SteadyTime now) const {
  return heard.missed >= kBursts || silence(heard, now) >= heard.overdue_after;
}

SteadyTime FetchTurns::offered(const Heard& heard) const { return std::max(heard.offered_at, all_offered_at_); }

SteadyTime FetchTurns::offered_at(Partition partition) const {
  const auto known = partitions_.find(partition);
  return known == partitions_.end() ? SteadyTime::max() : offered(known->second);
}

}  // namespace freshet::stream
