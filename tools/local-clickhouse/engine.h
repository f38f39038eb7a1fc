// The ClickHouse engine of libchdb.so, loaded at run time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace freshet::local_clickhouse {

struct Answer {
  std::string body;
  std::string error;  // "Code: N. DB::Exception: ..."; empty = success
};

// Threads: any. Runs as many queries concurrently as it has connections.
class Engine {
 public:
  // `config`: a configuration file; empty = none. Throws std::runtime_error if the library or the directory cannot be
  // used.
  Engine(const std::string& library, const std::string& path, const std::string& config, size_t connections);
  ~Engine();

  Answer query(const std::string& database, const std::string& sql, const std::string& format);

 private:
  struct Functions;
  struct Connection {
    void** handle = nullptr;
    std::string database = "default";
  };
  Answer ask(Connection& connection, const std::string& sql, const std::string& format);

  std::unique_ptr<Functions> functions_;
  std::vector<Connection> connections_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Connection*> free_;
};

}  // namespace freshet::local_clickhouse
