// The ClickHouse password, re-read when its file changes.
#pragma once

#include <cstdint>
#include <string>

#include "base/secret_mask.h"
#include "clickhouse/clickhouse_settings.h"

namespace freshet::clickhouse {

// Threads: one at a time. A file that is empty or cannot be read is assumed to be in the middle of a replacement: the
// last password stays in use. `mask` may be null; a new password is added to it before it is used.
class Password {
 public:
  Password(const ClickHouseSettings& settings, SecretMask* mask);

  const std::string& get() const { return password_; }
  // Reads the file if its inode, size or modification time has changed. True if the password has changed.
  bool refresh_if_changed();
  // Reads the file unconditionally; to be called when the server rejected the password. True if the password has
  // changed.
  bool refresh();

 private:
  // Detects a replaced or modified file without reading it.
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

// True if the ClickHouse error code means a wrong user or password.
bool rejects_login(int code);

}  // namespace freshet::clickhouse
