#include "app/proxies.h"

#include "http/proxy.h"
#include "http/url.h"

namespace freshet::app {

void log_proxies(const settings::Pipeline& pipeline, Log& log) {
  for (const std::string& url : pipeline.clickhouse.urls) {
    const auto target = http::parse_url(url);
    const auto proxy = target ? http::environment_proxy(*target) : std::nullopt;
    if (!proxy) continue;
    log.info("clickhouse_proxy",
             {{"host", http::origin(*target)},
              {"proxy", proxy->address},
              {"variable", proxy->variable},
              {"no_proxy", proxy->no_proxy},
              {"text", "inserts go through the proxy that the environment names, unless no_proxy names the host"}});
  }
}

}  // namespace freshet::app
