// The ClickHouse password, kept up to date with its file.
#pragma once

#include <cstdint>
#include <string>

#include "base/secret_mask.h"
#include "clickhouse/clickhouse_settings.h"

namespace freshet::clickhouse {

// Threads: one at a time. If the file cannot be read or is empty, it is being replaced: the last password stays. `mask`
// may be null; a new password is added to it before it is used.
class Password {
 public:
  Password(const ClickHouseSettings& settings, SecretMask* mask);

  const std::string& get() const { return password_; }
  // Reads the file if its size, inode or modification time has changed. True: the password has changed.
  bool refresh_if_changed();
  // Reads the file in any case, because the server refused the password.
  bool refresh();

 private:
  // Distinguishes a file from a later one at the same path, without reading it.
  struct Version {
    uint64_t device = 0;
    uint64_t inode = 0;
    int64_t size = -1;
    int64_t changed_ns = 0;
    bool operator==(const Version&) const = default;
  };
  Version version() const;

  const std::string file_;
  SecretMask* const mask_;
  std::string password_;
  Version version_;
};

// True if the ClickHouse code means that user or password are wrong.
bool refuses_login(int code);

}  // namespace freshet::clickhouse
