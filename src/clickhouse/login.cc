#include "clickhouse/login.h"

#include <utility>

namespace freshet::clickhouse {
namespace {

constexpr Duration kLookEvery = std::chrono::seconds(1);

std::shared_ptr<secrets::RenewableSecret> renewable(secrets::SecretStore* store, const char* name,
                                                    const secrets::SecretSource& source) {
  if (store == nullptr || source.from.empty()) return nullptr;
  return store->get(name, source);
}

}  // namespace

bool refuses_login(const ServerError& error) {
  // Then the server has accepted this login, and the rows may be stored already.
  if (error.place == ErrorPlace::View || error.place == ErrorPlace::Shard) return false;
  const bool by_status = error.code == 0 && (error.status == 401 || error.status == 403);
  return by_status || is_login_error(error.code);
}

bool is_login_error(int code) {
  switch (code) {
    case 192:  // UNKNOWN_USER
    case 193:  // WRONG_PASSWORD
    case 194:  // REQUIRED_PASSWORD
    case 497:  // ACCESS_DENIED
    case 516:  // AUTHENTICATION_FAILED
      return true;
    default:
      return false;
  }
}

Login::Login(const ClickHouseSettings& settings, secrets::SecretStore* secrets, Clock& clock)
    : files_{settings.ca_file, settings.cert_file, settings.key_file},
      clock_(clock),
      first_cert_(settings.cert.value),
      first_key_(settings.key.value),
      cert_(renewable(secrets, "clickhouse_cert", settings.cert)),
      key_(renewable(secrets, "clickhouse_key", settings.key)),
      password_(renewable(secrets, "clickhouse_password", settings.password)),
      token_(renewable(secrets, "clickhouse_token", settings.token)),
      credentials_{settings.password.value, settings.token.value},
      used_(versions()),
      seen_(used_),
      looked_(clock.steady_now()) {}

const Credentials& Login::current() {
  if (password_) credentials_.password = password_->current();
  if (token_) credentials_.token = token_->current();
  return credentials_;
}

bool Login::renew(const std::stop_token& stop) {
  const bool password = password_ && password_->after_refusal(credentials_.password, stop);
  const bool token = token_ && token_->after_refusal(credentials_.token, stop);
  return renew_certificate(stop) || password || token;
}

bool Login::renew_certificate(const std::stop_token& stop) {
  const bool cert = cert_ && cert_->after_refusal(used_.cert, stop);
  const bool key = key_ && key_->after_refusal(used_.key, stop);
  return cert || key;
}

Login::Versions Login::versions() const {
  Versions found;
  for (size_t i = 0; i < files_.size(); ++i) found.files[i] = secrets::version_of(files_[i]);
  found.cert = cert_ ? cert_->current() : first_cert_;
  found.key = key_ ? key_->current() : first_key_;
  return found;
}

// Certificate and key are often replaced one after the other.
bool Login::certificates_changed(bool at_once) {
  if (files_[0].empty() && files_[1].empty() && !cert_ && !key_) return false;
  const SteadyTime now = clock_.steady_now();
  if (!at_once && now - looked_ < kLookEvery) return false;
  looked_ = now;
  const Versions found = versions();
  for (size_t i = 0; i < files_.size(); ++i) {
    const bool missing = !files_[i].empty() && found.files[i] == secrets::FileVersion();
    if (missing) return false;  // it is being replaced: the connection that works stays
  }
  const Versions last = std::exchange(seen_, found);
  if (seen_ == used_ || (!at_once && seen_ != last)) return false;
  used_ = seen_;
  return true;
}

http::ClientOptions Login::with_certificate(http::ClientOptions options) const {
  options.cert_pem = used_.cert.reveal();
  options.key_pem = used_.key.reveal();
  return options;
}

}  // namespace freshet::clickhouse
