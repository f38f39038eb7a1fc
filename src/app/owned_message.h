// A message whose bytes the program owns instead of the client library; for `process` and `tap`.
#pragma once

#include "kafka/cluster.h"
#include "model/message.h"

namespace freshet::app {

using OwnedMessage = kafka::SampledMessage;

// A Message that refers to `owned`, which must outlive it.
Message view_of(const OwnedMessage& owned);

}  // namespace freshet::app
