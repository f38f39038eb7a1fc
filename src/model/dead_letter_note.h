// What is remembered of a message that could not become a row, for the admin page. Not the message.
#pragma once

#include <string>

#include "base/clock.h"
#include "model/ids.h"

namespace freshet {

struct DeadLetterNote {
  SystemTime at{};
  Partition partition;
  Offset offset;
  std::string reason_code;
  std::string reason;  // marked as message text (base/message_text.h)
};

}  // namespace freshet
