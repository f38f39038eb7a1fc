// A processor that is a Python class.
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "ports/processor.h"
#include "processors/processors_settings.h"

namespace freshet::python_worker {

// Each processor of the factory has its own Python process. It is started when it is first needed and gets one chunk at
// a time. A process that dies, takes too long or sends an invalid answer is replaced, and the chunk's messages are sent
// again one by one; a message for which that happens again is invalid (code "python_worker"). If a process cannot be
// started, freshet retries with increasing pauses. Fatal: python is missing or the class cannot be loaded; the text
// says why. Invalid: python_invalid (the class raised), python_worker. Skipped: python_none.
Result<ProcessorFactory> make_factory(const processors::PythonSettings& settings, Clock& clock, Log& log,
                                      Metrics& metrics);

}  // namespace freshet::python_worker
