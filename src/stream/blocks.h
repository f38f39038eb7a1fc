// Why a partition delivers nothing until the cause is gone or an operator skips it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log_limiter.h"
#include "model/ids.h"

namespace freshet::stream {

enum class BlockReason {
  NoValidOffset,       // the source has no valid offset
  UnreadableBatch,     // the source cannot decompress or parse the next record batch
  InvalidMessage,      // a message cannot become rows, and there is no dead-letter topic
  DlqRateLimited,      // more dead letters than the rate limit allows
  DlqRejected,         // the dead-letter topic rejects a record
  SideRecordRejected,  // a side topic rejects a record; it is retried every second
  BatchBlocked,        // a batch with rows of the partition waits for an operator
};

// For logs, as a code: the text may quote a payload, the code never does.
const char* to_string(BlockReason reason);

// What an operator can do about it, for the log. `at`: the message that blocks the partition, if one does.
std::string advice(BlockReason reason, Partition partition, std::optional<Offset> at);

// The reasons that block one partition. Threads: the loop only.
class Blocks {
 public:
  struct Block {
    BlockReason reason;
    std::string text;  // human-readable
  };

  // False if it was already blocked for this reason; the first text stays.
  bool add(BlockReason reason, std::string text);
  // False if it was not blocked for this reason.
  bool remove(BlockReason reason);
  void set_text(BlockReason reason, const std::string& text);

  bool any() const { return !blocks_.empty(); }
  bool has(BlockReason reason) const;
  bool only(BlockReason reason) const;  // also true if there is none
  // The oldest block is the one to resolve first. Requires any().
  const Block& first() const { return blocks_.front(); }
  // The oldest block with another reason; null = none.
  const Block* first_but(BlockReason reason) const;

  // True when the block is to be logged: as soon as it begins, then once a minute.
  bool take_log_due(SteadyTime now);

 private:
  std::vector<Block> blocks_;  // in order of arrival, each reason at most once
  LogLimiter<> logged_;
};

}  // namespace freshet::stream
