// The fourteen consumers of a self-hosted Sentry, and two more: their commands from the Compose file, started with real
// servers.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "testkit/child_process.h"
#include "testkit/kafka_client.h"
#include "testkit/servers.h"

namespace freshet::e2e {

struct Service {
  const char* name;
  const char* storage;
  const char* group;
  const char* topic;          // what it reads
  const char* reset;          // --auto-offset-reset
  const char* batch_time_ms;  // --max-batch-time-ms
  std::vector<std::string> more;
  const char* command = "rust-consumer";
};
const std::vector<Service>& composition();

// Tables and topics of a storage (Snuba's storage definitions); empty = none.
struct Storage {
  const char* table;
  const char* processor;
  const char* commit_log = "";
  const char* dead_letters = "";
  const char* replacements = "";
  bool origin_timestamps = false;  // the commit log has received_p99
};
const Storage& storage(const std::string& name);

inline constexpr int kPartitions = 2;

// Creates all topics of the composition.
void create_topics(testkit::KafkaClient& client);
// tests/e2e/tables/<storage>.sql; with `old`, types that only a current server has are replaced.
std::string table_definition(const std::string& storage, bool old = false);

struct Servers {
  std::string kafka;
  int clickhouse_port = 0;
  int redis_port = 0;
};
// As in the Compose file.
std::map<std::string, std::string> environment(const Servers& servers);

// A consumer process with its health file; some run under the name `snuba`.
class Consumer {
 public:
  Consumer(const Service& service, std::map<std::string, std::string> environment, bool as_snuba);

  const Service& service() const { return service_; }
  std::string health_file() const { return folder_.path("health.txt"); }
  bool has_health_file() const { return std::string(service_.command) == "rust-consumer"; }
  std::string output() const { return process_->output(); }
  size_t times_in_output(const std::string& text) const;
  testkit::ChildProcess& process() { return *process_; }

 private:
  const Service& service_;
  testkit::TempFolder folder_;
  std::unique_ptr<testkit::ChildProcess> process_;
};

}  // namespace freshet::e2e
