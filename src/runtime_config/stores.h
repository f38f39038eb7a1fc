// The stores of live options.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "ports/option_source.h"
#include "runtime_config/runtime_config_settings.h"
#include "secrets/secret_store.h"

namespace freshet::runtime_config {

// Opens what `settings` names: a store, Snuba's values.json, or both, with the store on top; `settings.fixed` overrides
// all. Fatal: `settings.store` is malformed. A store that is down fails in read(), not here.
// `secrets` may be null: then the password stays as it is.
Result<std::unique_ptr<OptionSource>> open_store(const RuntimeConfigSettings& settings,
                                                 secrets::SecretStore* secrets = nullptr);

// Parses a YAML or JSON map of scalars. Invalid: the text says what is wrong, and where.
Result<RawOptions> parse_options(const std::string& text);

}  // namespace freshet::runtime_config
