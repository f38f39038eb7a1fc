#include "clickhouse/request_builder.h"

#include <utility>

#include "clickhouse/request_url.h"

namespace freshet::clickhouse {
namespace {

class PlainRequestBuilder final : public RequestBuilder {
 public:
  explicit PlainRequestBuilder(ClickHouseSettings settings) : settings_(std::move(settings)) {}

  http::ClientOptions client_options() override { return clickhouse::client_options(settings_); }
  http::Request insert(const InsertTarget& target, const Credentials& credentials) override {
    http::Request http;
    http.method = "POST";
    http.url = insert_url(target.host_url, settings_, *target.layout, target.token, *target.without);
    http.headers = login_headers(settings_, credentials);
    http.timeout = settings_.request_timeout;
    return http;
  }
  bool may_omit(std::string_view setting, int code) const override {
    return clickhouse::may_omit(settings_, setting, code);
  }

 private:
  const ClickHouseSettings settings_;
};

}  // namespace

std::unique_ptr<RequestBuilder> make_plain_request_builder(const ClickHouseSettings& settings) {
  return std::make_unique<PlainRequestBuilder>(settings);
}

}  // namespace freshet::clickhouse
