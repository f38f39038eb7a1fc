// The ClickHouse password, as its file holds it now.
#pragma once

#include <cstdint>
#include <string>

#include "base/secret_mask.h"
#include "clickhouse/clickhouse_settings.h"

namespace freshet::clickhouse {

// Threads: one at a time. A file that cannot be read, or is empty, is on its way: the last password counts. `mask` may
// be null; a new password is added to it before it is used.
class Password {
 public:
  Password(const ClickHouseSettings& settings, SecretMask* mask);

  const std::string& get() const { return password_; }
  // Reads the file where its size, inode or time of change is another than the last time. True: the password differs.
  bool refresh_if_changed();
  // Reads the file in any case: the server refused the password.
  bool refresh();

 private:
  // What tells a file from a later one at the same path, without reading it.
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

// Whether ClickHouse's code says that user or password are wrong.
bool refuses_login(int code);

}  // namespace freshet::clickhouse
