#include "model/skip.h"

#include <fmt/format.h>

namespace freshet {

std::string SkipResult::text() const {
  std::string text = fmt::format("partition {} is skipped", partition.value);
  if (messages_dropped > 0)
    text += fmt::format("; {} messages were dropped: no destination accepts them", messages_dropped);
  if (offsets_skipped > 0) text += fmt::format("; skipped unread: {} offsets", offsets_skipped);
  if (rate_limit_lifted) text += "; queued dead letters are sent";
  if (resolved == Resolution::Stored) {
    text += fmt::format("; its blocked batch counts as stored: {} rows, of all its partitions", resolved_rows);
  }
  if (resolved == Resolution::Retry) {
    text += fmt::format("; its blocked batch is sent again: {} rows, of all its partitions, may be stored twice",
                        resolved_rows);
  }
  if (batch) text += "; rows of its batch that the table rejects become dead letters";
  if (messages_dropped == 0 && offsets_skipped == 0 && !resolved) text += "; no message was dropped";
  if (!still_blocked.empty()) text += fmt::format("; it is still blocked: {}", still_blocked);
  return text;
}

}  // namespace freshet
