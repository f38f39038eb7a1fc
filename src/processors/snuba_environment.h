// The `env` object of Snuba's configuration (contract 2.4).
#pragma once

#include <string_view>

#include "base/result.h"
#include "processors/processors_settings.h"

namespace freshet::processors {

// Keys that are missing keep their default; other keys than the contract's are refused. Fatal: the text names the key,
// its value and what would be right.
Result<SnubaEnvironment> read_snuba_environment(std::string_view json);

}  // namespace freshet::processors
