// Reads the `env` object of Snuba's consumer configuration.
#pragma once

#include <string_view>

#include "base/result.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

// Missing keys keep their defaults; unknown keys are refused. Errors: Fatal; the text names the key, its value and what
// would be valid.
Result<SnubaEnvironment> read_snuba_environment(std::string_view json);

}  // namespace freshet::processors
