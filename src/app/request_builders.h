// How the pipeline's requests to ClickHouse are built.
#pragma once

#include "clickhouse/request_builder.h"
#include "settings/settings.h"

namespace freshet::app {

// Plain requests, or Snuba's for Snuba's commands.
clickhouse::RequestBuilderFactory request_builders(const settings::Pipeline& pipeline);

}  // namespace freshet::app
