// A copy of a message in memory of its own.
#pragma once

#include "model/message.h"

namespace freshet {

// An equal message with padding, so that a parser needs no further copy of a large payload. Takes as much memory as
// `message`. Null payloads have no padding.
Message padded_copy(const Message& message);

}  // namespace freshet
