// Logs the environment's proxies that inserts go through.
#pragma once

#include "base/log.h"
#include "settings/settings.h"

namespace freshet::app {

// Logs one line per ClickHouse host that the environment reaches through a proxy.
void log_proxies(const settings::Pipeline& pipeline, Log& log);

}  // namespace freshet::app
