#include "snuba_outputs/snuba_request_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "clickhouse/request_url.h"
#include "http/reason_phrase.h"
#include "snuba_outputs/snuba_delay.h"
#include "snuba_outputs/snuba_outputs_metrics.h"

namespace freshet::snuba_outputs {
namespace {

using clickhouse::ClickHouseSettings;
using clickhouse::quote_where_needed;
using clickhouse::SettingNames;

constexpr std::string_view kFirstOffset = "load_balancing_first_offset";

// application/x-www-form-urlencoded: a space becomes '+'; all bytes except letters, digits and *-._ are escaped.
std::string form_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (alphanumeric || std::string_view("*-._").find(c) != std::string_view::npos) {
      out.push_back(c);
    } else if (c == ' ') {
      out.push_back('+');
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", byte);
    }
  }
  return out;
}

// Identifiers are unquoted, as in Snuba, unless that is ambiguous.
std::string statement(const ClickHouseSettings& settings, const RowLayout& layout) {
  const TableName table = clickhouse::table_of(settings);
  std::string sql = "INSERT INTO ";
  if (!table.database.empty()) sql += quote_where_needed(table.database) + ".";
  sql += quote_where_needed(table.table);
  for (size_t i = 0; i < layout.columns.size(); ++i) {
    sql += (i == 0 ? " (" : ", ") + quote_where_needed(layout.columns[i]);
  }
  if (!layout.columns.empty()) sql += ")";
  return sql.append(" FORMAT ").append(to_string(layout.format));
}

}  // namespace

std::string snuba_insert_url(std::string_view base, const ClickHouseSettings& settings,
                             const SnubaRequestSettings& snuba, const InsertOptions& options, const RowLayout& layout,
                             std::string_view token, const SettingNames& without) {
  std::string url(base);
  if (url.find('/', url.find("://") + 3) == std::string::npos) url += '/';
  url += "?insert_distributed_sync=1&decompress=1";
  if (snuba.json_as_string && layout.format == RowFormat::RowBinary)
    url += "&input_format_binary_read_json_as_string=1";
  url += "&load_balancing=" + form_encoded(options.load_balancing);
  if (!options.load_balancing_first_offset.empty() && !without.contains(kFirstOffset)) {
    url += fmt::format("&{}={}", kFirstOffset, form_encoded(options.load_balancing_first_offset));
  }
  if (options.max_insert_block_size >= kLeastInsertBlockSize) {
    url += fmt::format("&max_insert_block_size={}", options.max_insert_block_size);
  }
  url += "&query=" + form_encoded(statement(settings, layout));
  for (const auto& [name, value] :
       clickhouse::insert_settings(settings, token, clickhouse::OwnSettings::Required, layout.format)) {
    if (!without.contains(name)) url += fmt::format("&{}={}", form_encoded(name), form_encoded(value));
  }
  return url;
}

bool may_omit_in_snuba_request(const ClickHouseSettings& settings, std::string_view name, int code) {
  return clickhouse::may_omit(settings, name, code) ||
         (name == kFirstOffset && !settings.insert_settings.contains(std::string(name)));
}

namespace {

// Always Connection, user, key and database, even if empty. A token takes the place of user and key.
std::vector<std::string> snuba_headers(const ClickHouseSettings& settings, const clickhouse::Credentials& credentials) {
  // In libcurl, a semicolon sends a header with an empty value.
  const auto header = [](std::string_view name, const std::string& value) {
    return value.empty() ? fmt::format("{};", name) : fmt::format("{}: {}", name, value);
  };
  const std::string database = header("X-ClickHouse-Database", settings.database);
  if (!credentials.token.empty()) {
    return {"Connection: keep-alive", "Authorization: Bearer " + credentials.token.reveal(), database};
  }
  return {"Connection: keep-alive", header("X-ClickHouse-User", settings.user),
          header("X-ClickHouse-Key", credentials.password.reveal()), database};
}

// "500 Internal Server Error"; 0 means no response.
std::string status_name(int status) {
  if (status == 0) return "network_error";
  const std::string_view reason = http::reason_phrase(status);
  return std::to_string(status) + " " + std::string(reason.empty() ? "<unknown status code>" : reason);
}

class SnubaRequestBuilder final : public clickhouse::RequestBuilder {
 public:
  SnubaRequestBuilder(ClickHouseSettings settings, const SnubaRequestSettings& snuba,
                      const Snapshot<LiveOptions>& options, Metrics& metrics)
      : settings_(std::move(settings)),
        snuba_(snuba),
        options_(options),
        metrics_(metrics),
        delay_(std::random_device{}()) {}

  void begin_batch() override { policy_ = options_.get()->insert; }

  http::ClientOptions client_options() override {
    const InsertOptions live = options_.get()->insert;
    http::ClientOptions options = clickhouse::client_options(settings_);
    options.connect_timeout = live.connect_timeout;
    options.idle_timeout = live.pool_idle_timeout;
    options.tcp_keepalive = live.tcp_keepalive;
    options.tcp_keepalive_interval = live.tcp_keepalive_interval;
    options.tcp_keepalive_retries = live.tcp_keepalive_retries;
    options.accept_encoding = "gzip,deflate";
    options.follow_redirects = true;
    return options;
  }

  http::Request insert(const clickhouse::InsertTarget& target, const clickhouse::Credentials& credentials) override {
    const InsertOptions live = options_.get()->insert;
    http::Request http;
    http.method = "POST";
    http.url =
        snuba_insert_url(target.host_url, settings_, snuba_, live, *target.layout, target.token, *target.without);
    http.headers = snuba_headers(settings_, credentials);
    http.timeout = live.request_timeout;
    return http;
  }

  bool may_omit(std::string_view setting, int code) const override {
    return may_omit_in_snuba_request(settings_, setting, code);
  }
  bool full_blocks() const override { return true; }
  std::optional<Duration> retry_delay(uint32_t failures) override { return delay_.next(policy_, failures); }

  void count_failure(int status, bool timed_out, uint32_t attempt) override {
    const uint32_t max_attempts = policy_.max_retries + 1;
    const std::string number = attempt <= max_attempts ? std::to_string(attempt) : "later";
    metrics_.insert_failed_attempts(status_name(status), timed_out, number, std::to_string(max_attempts)).add();
  }

 private:
  const ClickHouseSettings settings_;
  const SnubaRequestSettings snuba_;
  const Snapshot<LiveOptions>& options_;
  const SnubaOutputsMetrics metrics_;
  SnubaDelay delay_;
  InsertOptions policy_;  // of this batch
};

}  // namespace

std::unique_ptr<clickhouse::RequestBuilder> make_snuba_request_builder(const ClickHouseSettings& settings,
                                                                       const SnubaRequestSettings& snuba,
                                                                       const Snapshot<LiveOptions>& options,
                                                                       Metrics& metrics) {
  return std::make_unique<SnubaRequestBuilder>(settings, snuba, options, metrics);
}

}  // namespace freshet::snuba_outputs
