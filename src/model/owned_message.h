// A copy of a message that owns its memory.
#pragma once

#include "model/message.h"

namespace freshet {

// Copies the message and pads its payload, so that a parser need not copy a large payload again. Takes as much memory
// as `message`. A null payload gets no padding.
Message padded_copy(const Message& message);

}  // namespace freshet
