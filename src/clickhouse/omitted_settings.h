// Settings of inserts that a server does not take.
#pragma once

#include <cstddef>

#include "base/log.h"
#include "clickhouse/hosts.h"
#include "clickhouse/request_builder.h"
#include "clickhouse/response.h"

namespace freshet::clickhouse {

// If `error` says that the host does not know one of freshet's settings, or does not allow changing it, inserts omit
// the setting on this host from now on, unless that would change the meaning of an acknowledgement. True: the same
// insert may be sent again at once, without the setting. Logs each omission once. Threads: any.
bool omit_setting(Hosts& hosts, size_t host, const ServerError& error, const RequestBuilder& requests, Log& log);

}  // namespace freshet::clickhouse
