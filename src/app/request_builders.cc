#include "app/request_builders.h"

#include "snuba_outputs/snuba_request_builder.h"

namespace freshet::app {

clickhouse::RequestBuilderFactory request_builders(const settings::Pipeline& pipeline) {
  using clickhouse::ClickHouseSettings;
  if (!pipeline.snuba) {
    return [](const ClickHouseSettings& settings, const Snapshot<LiveOptions>&, Metrics&) {
      return clickhouse::make_plain_request_builder(settings);
    };
  }
  return [snuba = pipeline.snuba->requests](const ClickHouseSettings& settings, const Snapshot<LiveOptions>& options,
                                            Metrics& metrics) {
    return snuba_outputs::make_snuba_request_builder(settings, snuba, options, metrics);
  };
}

}  // namespace freshet::app
