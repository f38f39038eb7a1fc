// The processor that the settings select: a built-in one, or a Python class in separate processes.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/processors_settings.h"

namespace freshet::app {

// True if the processor is a Python class.
bool runs_python(const processors::ProcessorsSettings& settings);

// A name that contains a dot is a Python class (`my.module.Class`). So is a name that is not built in, if its Python
// module is set. Fatal: no processor has that name, or the class cannot be loaded. The environment and the log must
// outlive the factory's processors.
Result<ProcessorFactory> processor_factory(const processors::ProcessorsSettings& settings,
                                           const processors::ProcessorEnvironment& environment, Log& log);

// The same, with rows to be read: JSON objects with the names of the columns. Their values are those of RowBinary.
Result<ProcessorFactory> json_processor_factory(processors::ProcessorsSettings settings,
                                                const processors::ProcessorEnvironment& environment, Log& log);

}  // namespace freshet::app
