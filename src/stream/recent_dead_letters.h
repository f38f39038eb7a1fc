// The last messages that could not become rows, for the admin page.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "base/message_text.h"
#include "base/mutex.h"
#include "model/dead_letter_note.h"
#include "model/dead_letter_record.h"

namespace freshet::stream {

// Threads: any.
class RecentDeadLetters {
 public:
  static constexpr size_t kMost = 50;
  static constexpr size_t kReasonBytes = 300;

  // Forgets the oldest beyond kMost.
  void add(const DeadLetterRecord& record, SystemTime now) {
    DeadLetterNote note{now, record.partition, record.offset, record.reason_code,
                        message_text(record.reason.substr(0, kReasonBytes))};
    MutexLock lock(mutex_);
    notes_.push_back(std::move(note));
    if (notes_.size() > kMost) notes_.pop_front();
  }
  // The newest first.
  std::vector<DeadLetterNote> list() const {
    MutexLock lock(mutex_);
    return {notes_.rbegin(), notes_.rend()};
  }

 private:
  mutable Mutex mutex_;
  std::deque<DeadLetterNote> notes_ GUARDED_BY(mutex_);
};

}  // namespace freshet::stream
