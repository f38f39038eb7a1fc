// The login of requests to ClickHouse, which follows the settings' secrets and files while the process runs.
#pragma once

#include <array>
#include <memory>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "clickhouse/clickhouse_settings.h"
#include "clickhouse/response.h"
#include "http/http_client.h"
#include "secrets/secret_reading.h"
#include "secrets/secret_store.h"

namespace freshet::clickhouse {

// The secrets of one request; at most one is not empty.
struct Credentials {
  secrets::Secret password;
  secrets::Secret token;  // sent as bearer token, instead of user and password
};

// True if a server, or a proxy before it, refuses the login: another secret may be accepted. False if a view or a shard
// refuses a login or an access: the server has accepted this one, and the table may have the rows.
bool refuses_login(const ServerError& error);
// True for ClickHouse's codes of a refused login.
bool is_login_error(int code);

// Threads: one at a time.
class Login {
 public:
  // `secrets` may be null: then nothing is read again.
  Login(const ClickHouseSettings& settings, secrets::SecretStore* secrets, Clock& clock);

  // For the next request.
  const Credentials& current();
  // The server refused the last current(). True: there are other ones, so the request should be repeated. Blocks while
  // a command runs, until `stop` is requested.
  bool renew(const std::stop_token& stop);
  // As renew(), of the certificate and its key alone: TLS failed before the server saw a password or a token.
  bool renew_certificate(const std::stop_token& stop);
  // True if certificates or the key have changed since the last call, and then no more for a second: use another
  // http::Client, because one keeps its connections. False while one of the files is missing. `at_once`: without that
  // second, because the server refused them.
  bool certificates_changed(bool at_once = false);
  // The options of the next http::Client, with the certificate if it comes from a command or the environment.
  http::ClientOptions with_certificate(http::ClientOptions options) const;

 private:
  // What certificates and keys are: versions of files, or the texts themselves.
  struct Versions {
    std::array<secrets::FileVersion, 3> files;
    secrets::Secret cert;
    secrets::Secret key;
    bool operator==(const Versions&) const = default;
  };
  Versions versions() const;

  const std::array<std::string, 3> files_;
  Clock& clock_;
  const secrets::Secret first_cert_;
  const secrets::Secret first_key_;
  const std::shared_ptr<secrets::RenewableSecret> cert_;  // null: it stays as it was first
  const std::shared_ptr<secrets::RenewableSecret> key_;
  const std::shared_ptr<secrets::RenewableSecret> password_;  // null: none that is read again
  const std::shared_ptr<secrets::RenewableSecret> token_;
  Credentials credentials_;
  Versions used_;  // by the current client
  Versions seen_;
  SteadyTime looked_;
};

}  // namespace freshet::clickhouse
