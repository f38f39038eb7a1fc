// Which processor the settings ask for: one of ours, or a Python class in processes of its own.
#pragma once

#include "base/log.h"
#include "base/result.h"
#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/processors_settings.h"

namespace freshet::app {

// A name with a point in it is a Python class (`my.module.Class`), and so is one that is none of ours where its module
// is known. Fatal: no processor of that name, or a class that cannot be loaded. The environment and the log outlive the
// factory's processors.
Result<ProcessorFactory> processor_factory(const processors::ProcessorsSettings& settings,
                                           const processors::ProcessorEnvironment& environment, Log& log);

}  // namespace freshet::app
