// Runs a Python settings file in a helper under python3 and returns its upper-case names as JSON.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "snuba/snuba_settings.h"

namespace freshet::snuba {

// The file may import Snuba's settings (`from snuba.settings import *` and the built-in variants). If Snuba is not
// installed, stand-ins built from `environment` replace them. Blocks. Fatal: python3 is missing, or the file fails,
// takes longer than `timeout`, or prints more than 8 MiB; the text says which and how to fix it. For an exception the
// text contains only type and line, because the message may contain a password.
Result<std::string> run_python_settings(const std::string& path, const Environment& environment,
                                        Duration timeout = std::chrono::seconds(20));

}  // namespace freshet::snuba
