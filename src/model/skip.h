// Data types for an operator's decision about a blocked partition, and its result.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/ids.h"

namespace freshet {

// What to do with a blocked batch whose rows the table may already hold.
enum class Resolution {
  Stored,  // the table has them: continue after them
  Retry,   // send them again, even if that stores them twice
};

struct SkipOrder {
  Partition partition;
  std::optional<Offset> next;            // resume here; required unless a batch waits
  std::optional<Resolution> resolution;  // for the blocked batch with rows of the partition
};

struct SkipResult {
  Partition partition;
  // Messages that no destination accepts: they become neither rows nor dead letters.
  uint64_t messages_dropped = 0;
  uint64_t offsets_skipped = 0;        // not read; not all need be messages
  bool batch = false;                  // a waiting batch: rows of it that the table rejects are bad data
  std::optional<Resolution> resolved;  // of a blocked batch
  uint64_t resolved_rows = 0;          // rows of that batch, of all its partitions
  bool rate_limit_lifted = false;      // queued dead letters are sent now
  std::string still_blocked;           // why the partition is still blocked; empty = it resumes
  std::string text() const;            // one human-readable line
};

}  // namespace freshet
