// The list of data sets. To add one: one file, and one line in registry.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/processor.h"
#include "processors/environment.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

std::vector<std::string> names();

// Errors: Fatal if the name is unknown (the text lists the known ones), or if OpenSSL does not provide what the data
// set needs for its ids.
Result<ProcessorFactory> make_factory(const ProcessorsSettings& settings, const ProcessorEnvironment& environment);

// The shared resource to which Snuba's COGS accounting charges the bytes of the data set's messages; empty = none.
std::string_view cogs_resource(std::string_view processor);

}  // namespace freshet::processors
