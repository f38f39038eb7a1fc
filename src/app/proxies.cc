#include "app/proxies.h"

#include "app/app_events.h"
#include "http/proxy.h"
#include "http/url.h"

namespace freshet::app {

void log_proxies(const settings::Pipeline& pipeline, Log& log) {
  for (const std::string& url : pipeline.clickhouse.urls) {
    const auto target = http::parse_url(url);
    const auto proxy = target ? http::environment_proxy(*target) : std::nullopt;
    if (!proxy) continue;
    log.emit(ClickHouseProxy{target->host, target->port, proxy->address, proxy->variable, proxy->no_proxy});
  }
}

}  // namespace freshet::app
