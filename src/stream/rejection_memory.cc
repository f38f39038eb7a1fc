#include "stream/rejection_memory.h"

#include <fmt/format.h>

#include <string>

#include "base/message_text.h"

namespace freshet::stream {
namespace {

constexpr Duration kOperatorRetry = std::chrono::seconds(30);
constexpr Duration kFieldsRetry = std::chrono::seconds(10);

}  // namespace

const OperatorWait kNoFieldMatches{
    "no field of the messages is a column of the table; nothing is inserted, the table is looked at again every 10 s: "
    "add the columns, correct --table or --topic, or POST /skip the partition to store rows of defaults",
    kFieldsRetry};
const OperatorWait kTableDiffers{
    "ClickHouse rejects every row of the batch alike: the table and the messages differ; blocked, retried every 30 s: "
    "alter the table, or POST /skip the partition to treat the rows as bad data",
    kOperatorRetry};
const OperatorWait kTooManyInserts{
    "200 inserts did not find all rejected messages of the batch; it is blocked and tried again every "
    "30 s: alter the table, or POST /skip the partition to treat the rows as bad data",
    kOperatorRetry};

void RejectionMemory::accepted() {
  MutexLock lock(mutex_);
  in_a_row_ = 0;
}

uint32_t RejectionMemory::rejected(int code) {
  MutexLock lock(mutex_);
  if (code != code_) in_a_row_ = 0;
  code_ = code;
  return ++in_a_row_;
}

void RejectionMemory::skip(Partition partition) {
  {
    MutexLock lock(mutex_);
    ++skips_[partition];
    in_a_row_ = 0;
  }
  skipped_.notify_all();
}

uint64_t RejectionMemory::count(const SealedBatch& batch) const {
  uint64_t count = 0;
  for (const Span& span : batch.spans) {
    if (const auto found = skips_.find(span.partition); found != skips_.end()) count += found->second;
  }
  return count;
}

bool RejectionMemory::wait_for_operator(const SealedBatch& batch, const WriteOutcome& failure, uint32_t inserts,
                                        const OperatorWait& wait, const WriteControl& control, Clock& clock) {
  uint64_t seen = 0;
  {
    MutexLock lock(mutex_);
    seen = count(batch);
  }
  if (control.on_failure) {
    // With NoFields the operator needs the field names, so do not redact them.
    const bool names = failure.kind == WriteOutcome::Kind::NoFields;
    const std::string said = names ? failure.text : message_text(failure.text);
    control.on_failure(
        {InsertFailure::Class::Operator, failure.code, fmt::format("{}. {}", wait.why, said), inserts, true});
  }
  MutexLock lock(mutex_);
  return clock.wait_until(skipped_, mutex_, control.stop, clock.steady_now() + wait.retry,
                          [&]() REQUIRES(mutex_) { return count(batch) > seen; });
}

}  // namespace freshet::stream
