// The invariants of every commit and record, and the final checks of a test.
#include "flow.h"

namespace freshet::flow {

void Flow::expect_complete() const {
  for (const auto& [p, log] : log_) {
    for (size_t offset = 0; offset < log.size(); ++offset) {
      ASSERT_TRUE(accounted(p, static_cast<int64_t>(offset))) << "lost: partition " << p << " offset " << offset;
    }
    const auto found = committed_.find(p);
    ASSERT_TRUE(found != committed_.end() && found->second == static_cast<int64_t>(log.size())) << "partition " << p;
  }
}

void Flow::expect_exactly_once() const {
  for (const auto* side : {&table, &dead}) {
    for (const auto& at : *side) EXPECT_EQ(side->count(at), 1u) << at.first << ":" << at.second;
  }
}

bool Flow::accounted(int32_t p, int64_t offset) const {
  const std::string& fate = log_.at(p)[static_cast<size_t>(offset)].fate;
  if (fate == "skip") return true;
  if (const auto low = low_.find(p); low != low_.end() && offset < low->second) return true;
  if (dropped.contains({p, offset})) return true;
  const bool reports = settings_.delivery == Delivery::ExactlyOnce;
  if (model_ != nullptr && model_->unverified().contains({p, offset}) &&
      (!reports || model_->reported().contains({p, offset}))) {
    return true;
  }
  if (fate == "replace") return replaced.contains({p, offset});
  return (fate == "row" ? table : dead).contains({p, offset});
}

bool Flow::told(int32_t p, int64_t offset) const {
  const std::string& fate = log_.at(p)[static_cast<size_t>(offset)].fate;
  if (!settings_.side_outputs.commit_log || settings_.skip_write || fate == "bad" || fate == "replace") return true;
  if (fate == "refused" || dropped.contains({p, offset})) return true;
  if (const auto low = low_.find(p); low != low_.end() && offset < low->second) return true;
  const auto logged = logged_.find(p);
  return logged != logged_.end() && offset < logged->second;
}

void Flow::check_commit_log(const ProducerRecord& record) {
  int32_t p = -1;
  int64_t next = -1;
  ASSERT_EQ(std::sscanf(record.key->c_str(), "t:%d:g", &p), 1) << *record.key;
  ASSERT_EQ(std::sscanf(record.value.c_str(), "{\"offset\":%ld,", &next), 1) << record.value;
  ASSERT_GT(next, logged_this_time_[p]) << "partition " << p << ": " << record.value;
  logged_this_time_[p] = next;
  logged_[p] = std::max(logged_[p], next);
  for (int64_t o = 0; o < next; ++o) {
    ASSERT_TRUE(log_[p][static_cast<size_t>(o)].fate != "row" || accounted(p, o)) << "told too early";
  }
}

void Flow::check_replacement(const GateRecord& record) {
  int32_t p = -1;
  int64_t offset = -1;
  ASSERT_EQ(std::sscanf(record.record->value.c_str(), "%d:%ld", &p, &offset), 2);
  if (!replaced.insert({p, offset}).second) return;
  if (dropped.contains({p, offset})) return;  // read again by a process that does not know about the skip
  ASSERT_GT(offset, last_replaced_.contains(p) ? last_replaced_[p] : -1) << "replacements out of order";
  last_replaced_[p] = offset;
}

void Flow::check_commit(std::vector<OffsetToCommit>& offsets) {
  ASSERT_FALSE(commit_.has_value()) << "two commits at a time";
  for (const OffsetToCommit& offset : offsets) {
    const int32_t p = offset.partition.value;
    ASSERT_TRUE(owned_.contains(p)) << "a commit after the revoke was answered";
    ASSERT_FALSE(revoke_lost_ && revoking_.contains(p)) << "a commit of a lost partition";
    ASSERT_EQ(fetchers_[p].cursor.stopped(), false) << "a commit while the source looks up what is committed";
    const auto decided = operator_decided.find(p);
    const int64_t from = decided != operator_decided.end() ? decided->second : committed_[p];
    ASSERT_TRUE(offset.next.value >= from || !in_group()) << "backwards";
    for (int64_t o = from; o < offset.next.value; ++o) {
      ASSERT_TRUE(accounted(p, o)) << "commit of partition " << p << " passes unfinished offset " << o;
      ASSERT_TRUE(told(p, o)) << "commit of partition " << p << " passes offset " << o << " without commit log";
    }
  }
  commit_ = std::move(offsets);
  commit_taken_ = false;
}

void Flow::await_batches(size_t count) {
  advance(seconds(3));
  ASSERT_EQ(batches.size(), count);
}

void Flow::settles_complete() {
  settle();
  expect_complete();
}

void Flow::settles_exactly_once() {
  settles_complete();
  expect_exactly_once();
}

}  // namespace freshet::flow
