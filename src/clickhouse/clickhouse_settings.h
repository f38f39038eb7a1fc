// Settings of the ClickHouse module; filled by settings. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace freshet::clickhouse {

enum class Compression { Lz4, Zstd };

// What an insert's URL and first attempts look like. Snuba: the parameters, headers and retries of contract 6, then
// freshet's own settings where the server has them; live values come from LiveOptions::insert.
enum class RequestStyle { Freshet, Snuba };

struct ClickHouseSettings {
  std::vector<std::string> urls;  // http[s]://HOST:PORT, tried in this order; at least one
  std::string database;           // of a table without one; empty = the user's default
  std::string table;              // TABLE or DB.TABLE
  std::string user;               // empty = the server's default user
  std::string password;           // secret
  std::string password_file;      // it was read from; read again when it changes or the password is refused
  std::string ca_file;            // TLS; empty = the system's
  std::string cert_file;
  std::string key_file;
  std::map<std::string, std::string> insert_settings;  // K=V for every insert; wins over our own
  RequestStyle style = RequestStyle::Freshet;
  std::map<std::string, std::string> writer_options;  // K=V of the storage (contract 16); dropped where unknown
  bool june = false;  // Snuba style, RowBinary: also input_format_binary_read_json_as_string=1
  Compression compression = Compression::Lz4;
  std::chrono::milliseconds connect_timeout{5000};
  std::chrono::milliseconds request_timeout{120'000};  // one attempt
};

}  // namespace freshet::clickhouse
