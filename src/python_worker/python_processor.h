// A data set whose processor is a Python class.
#pragma once

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "ports/processor.h"
#include "processors/processors_settings.h"

namespace freshet::python_worker {

// Each processor of the factory has a Python process of its own, started when it is first needed, given a chunk at a
// time. A process that dies, hangs or sends nonsense is replaced and the chunk's messages are tried once more, one by
// one; the one that does it again is invalid (code "python_worker"). A process that cannot be started is tried again,
// with growing pauses, until it can. Fatal here: python is missing or the class cannot be loaded; the text says why.
// Verdict codes: python_invalid (the class raised), python_worker; skip: python_none.
Result<ProcessorFactory> make_factory(const processors::PythonSettings& settings, Clock& clock, Log& log,
                                      Metrics& metrics);

}  // namespace freshet::python_worker
