// A member of the group: the program as an operator runs it, with a proxy of its own in front of ClickHouse.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "run_log.h"
#include "testkit/child_process.h"
#include "testkit/fault_proxy.h"

namespace freshet::faults {

// Threads: one at a time.
class Member {
 public:
  // `args` are those of `freshet run` without the ClickHouse URL and the admin server. The log of all its processes is
  // appended to `log_file`.
  Member(std::string name, std::vector<std::string> args, int clickhouse_port, std::string log_file, RunLog& log);

  void start();
  void kill();
  // Sends SIGTERM and waits for the end; what is not as it must be becomes a finding.
  void terminate();
  void freeze();
  void thaw();
  bool renew();
  // A process that ended by itself is a finding, and is started again.
  void expect_running();
  testkit::FaultProxy& clickhouse() { return proxy_; }
  const std::string& name() const { return name_; }

 private:
  const std::string name_;
  RunLog& log_;
  testkit::FaultProxy proxy_;
  const std::string admin_;
  const std::string log_file_;
  std::vector<std::string> command_;
  std::unique_ptr<testkit::ChildProcess> process_;  // none = not started, or ended by kill() or terminate()
  std::chrono::steady_clock::time_point started_;
};

}  // namespace freshet::faults
