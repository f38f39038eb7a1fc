// What an operator may say of a partition that waits for one, and what that did. Data only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/ids.h"

namespace freshet {

// Of a blocked batch, whose rows the table may hold already.
enum class Resolution {
  Stored,  // it has them: go on behind them
  Retry,   // send them again, although they may be stored twice
};

struct SkipOrder {
  Partition partition;
  std::optional<Offset> next;            // go on from here; needed where no batch is what waits
  std::optional<Resolution> resolution;  // of the blocked batch with rows of the partition
};

struct SkipResult {
  Partition partition;
  uint64_t given_up = 0;               // messages that could be put nowhere: no row and no dead letter comes of them
  uint64_t not_read = 0;               // offsets that are skipped unread, some of which may be no message
  bool batch = false;                  // a batch that waited: what of it the table refuses is bad data from now on
  std::optional<Resolution> resolved;  // what becomes of a blocked batch
  uint64_t resolved_rows = 0;          // of it, of all its partitions
  bool rate_limit_lifted = false;      // the dead letters that waited go out now
  std::string still_blocked;           // why the partition is still blocked; empty = it resumes
  std::string text() const;            // one line, for a person
};

}  // namespace freshet
