// Real servers for tests and the demo, on free loopback ports and in their own directories, stopped with the object.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "testkit/child_process.h"

namespace freshet::testkit {

// Apache Kafka (KRaft, one process) from the jars in FRESHET_DEV_KAFKA_DIR.
class KafkaServer {
 public:
  // A listener besides the plain one; the broker tells its clients to connect to the port `advertised`.
  struct Listener {
    std::string name;      // upper case letters
    std::string protocol;  // PLAINTEXT, SASL_PLAINTEXT
    int port = 0;
    int advertised = 0;
  };

  // `properties` are added to server.properties; `scram` are passwords by user, for each mechanism of SCRAM;
  // `java_options` are those of the server's JVM.
  explicit KafkaServer(const std::map<std::string, std::string>& properties = {},
                       const std::vector<Listener>& more = {}, const std::map<std::string, std::string>& scram = {},
                       std::vector<std::string> java_options = {});

  // Value of the property listener.name.NAME.plain.sasl.jaas.config that accepts this login.
  static std::string plain_login(const std::string& user, const std::string& password);
  std::string bootstrap() const;
  void stop();                                                          // SIGTERM, and waits
  void kill();                                                          // SIGKILL
  void start();                                                         // restart with the same port and data
  void set_property(const std::string& key, const std::string& value);  // applies from the next start()
  ChildProcess& process() { return *process_; }

 private:
  void write_properties() const;

  TempFolder folder_;
  int port_ = 0;
  int controller_port_ = 0;
  std::map<std::string, std::string> properties_;
  std::vector<std::string> java_options_;
  std::unique_ptr<ChildProcess> process_;
};

// build/<preset>/freshet-local-clickhouse, found relative to the test program.
std::string local_clickhouse_program();

// A ClickHouse server with its HTTP interface.
class ClickHouseServer {
 public:
  virtual ~ClickHouseServer() = default;
  virtual void start() = 0;  // also restarts, with the same port and data
  void stop();
  void kill();
  void freeze() { process_->signal(19); }  // SIGSTOP
  void thaw() { process_->signal(18); }    // SIGCONT
  int port() const { return port_; }
  pid_t pid() const { return process_->pid(); }
  std::string url() const;
  // The answer without trailing line breaks; throws with the server's error.
  std::string query(const std::string& sql) const;
  uint64_t count(const std::string& sql) const { return std::stoull(query(sql)); }

 protected:
  void launch(const std::vector<std::string>& command);

  TempFolder folder_;
  int port_ = free_port();
  std::unique_ptr<ChildProcess> process_;
};

// Debian's clickhouse-server (18.16): FRESHET_DEV_CLICKHOUSE_SERVER.
class OldClickHouse final : public ClickHouseServer {
 public:
  OldClickHouse() { OldClickHouse::start(); }
  void start() override;
  // Creates the user, besides the default one, or changes its password, while the server runs.
  void set_password(const std::string& user, const std::string& password);

 private:
  std::string more_users_;  // XML
};

// A current ClickHouse engine, served by freshet-local-clickhouse (see local_clickhouse_program(); needs
// FRESHET_DEV_CHDB_LIB).
class LocalClickHouse final : public ClickHouseServer {
 public:
  LocalClickHouse() { LocalClickHouse::start(); }
  void start() override;
  // Restarts it with the same data and a configuration: `of_server` is XML inside <clickhouse>, `of_user` inside its
  // one user, for example its <grants>, `of_profile` inside the user's profile: settings.
  void restart_with(const std::string& of_server, const std::string& of_user, const std::string& of_profile = {});

 private:
  std::vector<std::string> more_;  // arguments
};

// The Redis server in FRESHET_DEV_REDIS_SERVER.
class RedisServer {
 public:
  explicit RedisServer(const std::string& password = {});
  int port() const { return port_; }
  void stop();
  void start();
  // HSET hash key value in database 1.
  void set(const std::string& hash, const std::string& key, const std::string& value) const;

 private:
  TempFolder folder_;
  int port_ = free_port();
  std::string password_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace freshet::testkit
