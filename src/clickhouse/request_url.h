// The URL and headers of any request to a ClickHouse host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/login.h"
#include "http/http_client.h"

namespace freshet::clickhouse {

// Appends parameters to a host's URL, which may already have a path and a query.
class RequestUrl {
 public:
  explicit RequestUrl(std::string_view base);
  RequestUrl& add(std::string_view name, std::string_view value);
  std::string text() && { return std::move(url_); }

 private:
  std::string url_;
  char separator_;
};

// User and password, or the token, are sent in headers, because servers and proxies log URLs.
std::vector<std::string> login_headers(const ClickHouseSettings& settings, const Credentials& credentials);

http::ClientOptions client_options(const ClickHouseSettings& settings);

}  // namespace freshet::clickhouse
