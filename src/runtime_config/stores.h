// The stores of live options.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "ports/option_source.h"
#include "runtime_config/runtime_config_settings.h"

namespace freshet::runtime_config {

// Opens what `settings` names: a store, Snuba's values.json, or both, with the store on top; `settings.fixed` overrides
// all. Fatal: `settings.store` is malformed. A store that is down fails in read(), not here.
Result<std::unique_ptr<OptionSource>> open_store(const RuntimeConfigSettings& settings);

// Parses a YAML or JSON map of scalars. Invalid: the text says what is wrong, and where.
Result<RawOptions> parse_options(const std::string& text);

}  // namespace freshet::runtime_config
