#include "clickhouse/omitted_settings.h"

#include <string_view>

#include "clickhouse/clickhouse_events.h"
#include "clickhouse/insert_url.h"

namespace freshet::clickhouse {

bool omit_setting(Hosts& hosts, size_t host, const ServerError& error, const RequestBuilder& requests, Log& log) {
  if (error.code != kUnknownSetting && error.code != kSettingConstraint) return false;
  const std::string_view name = named_setting(error.text);
  if (!requests.may_omit(name, error.code) || hosts.dropped(host).contains(name)) return false;
  if (hosts.drop_setting(host, name)) log.emit(SettingDropped{hosts.server(host), name, error.text});
  return true;
}

}  // namespace freshet::clickhouse
