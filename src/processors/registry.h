// Which data sets there are. A new one is one file and one line in registry.cc.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

std::vector<std::string> names();

// Fatal for a name that is none (the text lists those that are), and where OpenSSL lacks what the data set makes its
// ids with.
Result<ProcessorFactory> make_factory(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

}  // namespace freshet::processors
