// A Python settings file, read by a small helper of ours under python3: its upper-case names come back as JSON.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "snuba/snuba_settings.h"

namespace freshet::snuba {

// The file may import what Snuba's own settings offer (`from snuba.settings import *` and the built-in variants);
// where no Snuba is installed, stand-ins made of `environment` take their place. Fatal: python3 is missing, the file
// fails, takes longer than `timeout` in all, or prints more than 8 MiB; the text says which and what to do; of an
// exception its type and line, since its words may hold a password. Blocks meanwhile.
Result<std::string> run_python_settings(const std::string& path, const Environment& environment,
                                        Duration timeout = std::chrono::seconds(20));

}  // namespace freshet::snuba
