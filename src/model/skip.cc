#include "model/skip.h"

#include <fmt/format.h>

namespace freshet {

std::string SkipResult::text() const {
  std::string text = fmt::format("partition {} is skipped", partition.value);
  if (given_up > 0)
    text += fmt::format("; given up: {} messages that could neither be stored nor dead-lettered", given_up);
  if (not_read > 0) text += fmt::format("; skipped unread: {} offsets", not_read);
  if (rate_limit_lifted) text += "; queued dead letters are sent";
  if (resolved == Resolution::Stored) {
    text += fmt::format("; its blocked batch counts as stored: {} rows, of all its partitions", resolved_rows);
  }
  if (resolved == Resolution::Retry) {
    text += fmt::format("; its blocked batch is sent again: {} rows, of all its partitions, may be stored twice",
                        resolved_rows);
  }
  if (batch) text += "; rows of its batch that the table rejects become dead letters";
  if (given_up == 0 && not_read == 0 && !resolved) text += "; nothing is given up";
  if (!still_blocked.empty()) text += fmt::format("; it is still blocked: {}", still_blocked);
  return text;
}

}  // namespace freshet
