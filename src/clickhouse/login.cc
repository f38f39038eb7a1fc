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
  return password || token;
}

Login::Versions Login::versions() const {
  Versions found;
  for (size_t i = 0; i < files_.size(); ++i) found[i] = secrets::version_of(files_[i]);
  return found;
}

// Certificate and key are often replaced one after the other.
bool Login::certificates_changed(bool at_once) {
  if (files_[0].empty() && files_[1].empty()) return false;
  const SteadyTime now = clock_.steady_now();
  if (!at_once && now - looked_ < kLookEvery) return false;
  looked_ = now;
  const Versions found = versions();
  for (size_t i = 0; i < files_.size(); ++i) {
    const bool missing = !files_[i].empty() && found[i] == secrets::FileVersion();
    if (missing) return false;  // it is being replaced: the connection that works stays
  }
  const Versions last = std::exchange(seen_, found);
  if (seen_ == used_ || (!at_once && seen_ != last)) return false;
  used_ = seen_;
  return true;
}

}  // namespace freshet::clickhouse
