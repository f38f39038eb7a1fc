// What a processor makes of one message, with the limits that a run has.
#pragma once

#include <cstdint>
#include <string>

#include "app/owned_message.h"
#include "ports/processor.h"

namespace freshet::app {

// The rows are added to `rows`. A message that is too large for a run, before or after the processor, is Invalid with
// the code too_large. `memory_limit`: of the run, in bytes.
ProcessResult rows_of_message(Processor& processor, const std::string& topic, const OwnedMessage& message,
                              uint64_t memory_limit, std::string& rows);

}  // namespace freshet::app
