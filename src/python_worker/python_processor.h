// A processor that runs a Python class.
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "ports/processor.h"
#include "processors/processors_settings.h"

namespace freshet::python_worker {

// Creates a factory whose processors each own a Python process. The process is started on first use and processes one
// request at a time. A process that dies, times out or sends an invalid response is replaced, and the messages of the
// request are sent again one by one. A message that fails again is invalid (python_worker). If a process cannot be
// started, the processor retries with exponential backoff.
// Errors: Fatal if python is missing or the class cannot be loaded; the text says why. Retry if the first process does
// not start in time.
// Invalid: python_invalid (the class raised an exception), python_worker. Skipped: python_none.
Result<ProcessorFactory> make_factory(const processors::PythonSettings& settings, Clock& clock, Log& log,
                                      Metrics& metrics);

}  // namespace freshet::python_worker
