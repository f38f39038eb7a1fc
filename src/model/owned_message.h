// A copy of a message in memory of its own.
#pragma once

#include "model/message.h"

namespace freshet {

// Equal to `message`, and padded. It takes as much memory as the message does, so that a large message which is copied
// and destroyed leaves no other copy to its parser. Null payloads have no padding.
Message padded_copy(const Message& message);

}  // namespace freshet
