#include "clickhouse/request_url.h"

#include "http/url.h"

namespace freshet::clickhouse {

RequestUrl::RequestUrl(std::string_view base) : url_(base.substr(0, base.find('#'))) {
  const size_t query = url_.find('?');
  separator_ = query == std::string::npos ? '?' : '&';
  if (query == std::string::npos && url_.find('/', url_.find("://") + 3) == std::string::npos) url_.push_back('/');
}

RequestUrl& RequestUrl::add(std::string_view name, std::string_view value) {
  url_.push_back(separator_);
  separator_ = '&';
  http::append_escaped(url_, name);
  url_.push_back('=');
  http::append_escaped(url_, value);
  return *this;
}

// A server refuses a request with both.
std::vector<std::string> login_headers(const ClickHouseSettings& settings, const Credentials& credentials) {
  if (!credentials.token.empty()) return {"Authorization: Bearer " + credentials.token.reveal()};
  std::vector<std::string> headers;
  if (!settings.user.empty()) headers.push_back("X-ClickHouse-User: " + settings.user);
  if (!credentials.password.empty()) headers.push_back("X-ClickHouse-Key: " + credentials.password.reveal());
  return headers;
}

http::ClientOptions client_options(const ClickHouseSettings& settings) {
  http::ClientOptions options;
  options.connect_timeout = settings.connect_timeout;
  options.ca_file = settings.ca_file;
  options.cert_file = settings.cert_file;
  options.key_file = settings.key_file;
  return options;
}

}  // namespace freshet::clickhouse
