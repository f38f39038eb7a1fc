// Settings of the ClickHouse module; filled by the settings module. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "model/delivery.h"
#include "secrets/secret.h"

namespace freshet::clickhouse {

enum class Compression { Lz4, Zstd };

struct ClickHouseSettings {
  std::vector<std::string> urls;  // http[s]://HOST:PORT, tried in this order; at least one
  std::string database;           // for a table without one; empty = the user's default
  std::string table;              // TABLE or DB.TABLE
  std::string user;               // empty = the server's default user
  secrets::SecretSource password;
  secrets::SecretSource token;  // a bearer token, instead of user and password
  std::string ca_file;          // TLS; empty = the system's
  std::string cert_file;
  std::string key_file;
  secrets::SecretSource cert;  // PEM, from a command or the environment, in the place of cert_file
  secrets::SecretSource key;
  std::map<std::string, std::string> insert_settings;  // K=V for every insert; overrides freshet's own
  std::map<std::string, std::string> writer_options;   // K=V for every insert; skipped if unknown to the server
  Delivery delivery = Delivery::AtLeastOnce;           // exactly once: every insert asks for deduplication
  Compression compression = Compression::Lz4;
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds request_timeout{120'000};  // one attempt
};

}  // namespace freshet::clickhouse
