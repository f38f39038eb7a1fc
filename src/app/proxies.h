// Says which proxies of the environment the inserts go through.
#pragma once

#include "base/log.h"
#include "settings/settings.h"

namespace freshet::app {

// One line for each ClickHouse host whose requests the environment sends to a proxy.
void log_proxies(const settings::Pipeline& pipeline, Log& log);

}  // namespace freshet::app
