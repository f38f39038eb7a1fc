// Why nothing of a partition is delivered until the cause is gone, or an operator skips it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log_limiter.h"

namespace freshet::stream {

enum class BlockReason {
  NoValidOffset,        // the source has no valid offset of it
  UnreadableBatch,      // the source cannot unpack the record batch that comes next
  InvalidMessage,       // a message that cannot become rows, and there is no dead-letter topic
  DlqRateLimited,       // more dead letters than the limit allows
  DlqRejected,          // a dead letter that its topic does not take
  ReplacementRejected,  // a replacement that its topic does not take; it is sent again all the same
  BatchBlocked,         // a batch with rows of it waits for an operator
};

// For logs, where the text may not be shown to everybody.
const char* to_string(BlockReason reason);

// What blocks one partition. Threads: the loop only.
class Blocks {
 public:
  struct Block {
    BlockReason reason;
    std::string text;  // for a person
  };

  // False: it was blocked for this reason before, and the first text stays.
  bool add(BlockReason reason, std::string text);
  // False: it was not blocked for it.
  bool remove(BlockReason reason);
  void set_text(BlockReason reason, const std::string& text);

  bool any() const { return !blocks_.empty(); }
  bool has(BlockReason reason) const;
  bool only(BlockReason reason) const;  // also where there is none
  // The first that came is the one to deal with. Only where there is any.
  const Block& first() const { return blocks_.front(); }
  // The first that is not this one.
  const Block* first_but(BlockReason reason) const;

  // A block is logged when it comes and once a minute. True: now.
  bool take_log_due(SteadyTime now);

 private:
  std::vector<Block> blocks_;  // each reason at most once, as they came
  LogLimiter<> logged_;
};

}  // namespace freshet::stream
