// Where live options are kept.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "ports/option_source.h"
#include "runtime_config/runtime_config_settings.h"

namespace freshet::runtime_config {

// What `settings` names: one store, Snuba's values.json, or both, the store above. Fatal: the text of `settings.store`
// is wrong. A store that is down is no error here, but of each read().
Result<std::unique_ptr<OptionSource>> open_store(const RuntimeConfigSettings& settings);

// A YAML or JSON map of scalars. Invalid: what is wrong, and where.
Result<RawOptions> parse_options(const std::string& text);

}  // namespace freshet::runtime_config
