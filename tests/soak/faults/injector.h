// Carries out the faults of a run.
#pragma once

#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "fault_list.h"
#include "load.h"
#include "member.h"
#include "run_log.h"
#include "testkit/kafka_client.h"
#include "testkit/kafka_proxy.h"
#include "testkit/servers.h"

namespace freshet::faults {

inline constexpr std::chrono::seconds kSessionTimeout(6);

struct Parts {
  testkit::KafkaServer& kafka;
  testkit::KafkaProxy& kafka_proxy;
  testkit::LocalClickHouse& clickhouse;
  Load& load;
  RunLog& log;
  std::vector<std::unique_ptr<Member>>& members;
  Member& guest;
  std::string topic;
  std::string view_switch;  // the view fails while this table has a row
};

struct Counts {
  std::map<Kind, size_t> done;
  std::map<Kind, size_t> unmet;  // no request came that the fault could meet
  size_t late_inserts = 0;       // of frozen members, answered by ClickHouse while the member was frozen
};

// Must live as long as the servers and members are used: the kernel kills a process when the thread that started it
// ends (ChildProcess).
class Injector {
 public:
  explicit Injector(Parts parts) : parts_(parts) {}
  // Returns when all faults are over and everything runs again.
  Counts run(const std::vector<Fault>& faults);

 private:
  // Carries out the faults of one place, and waits for the stop.
  void work(const std::vector<Fault>& faults, std::chrono::steady_clock::time_point begun, const std::stop_token& stop);
  // False if no request met the fault.
  bool carry_out(const Fault& fault);
  bool freeze(Member& member);
  bool fail_insert(Member& member, const Fault& fault);
  bool spoil_commits(const Fault& fault);
  bool fail_view();
  void restart_broker(const Fault& fault);
  void add_partition();
  // Repeats the statement until ClickHouse runs it.
  void ask_clickhouse(const std::string& sql);

  const Parts parts_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  Counts counts_;     // guarded by mutex_
  size_t over_ = 0;   // guarded by mutex_: faults
  size_t ended_ = 0;  // guarded by mutex_: threads whose faults are over
  std::vector<std::jthread> threads_;
};

}  // namespace freshet::faults
