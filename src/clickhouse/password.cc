#include "clickhouse/password.h"

#include <sys/stat.h>

#include <utility>

#include "base/files.h"

namespace freshet::clickhouse {

Password::Password(const ClickHouseSettings& settings, SecretMask* mask)
    : file_(settings.password_file), mask_(mask), password_(settings.password), version_(version()) {
  refresh();  // the file may have changed since the settings were read
}

Password::Version Password::version() const {
  struct stat found {};
  if (file_.empty() || stat(file_.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size,
          static_cast<int64_t>(found.st_ctim.tv_sec) * 1'000'000'000 + found.st_ctim.tv_nsec};
}

bool Password::refresh_if_changed() {
  if (file_.empty()) return false;
  const Version now = version();
  return now != version_ && refresh();
}

bool Password::refresh() {
  if (file_.empty()) return false;
  version_ = version();
  if (version_ == Version{} || !check_regular_file(file_)) return false;
  auto password = read_secret(file_);
  if (!password || *password == password_) return false;
  if (mask_ != nullptr) mask_->add(*password);
  password_ = *std::move(password);
  return true;
}

bool rejects_login(int code) {
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

}  // namespace freshet::clickhouse
