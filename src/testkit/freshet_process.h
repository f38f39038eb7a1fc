// The program under test, started as an operator would start it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "testkit/child_process.h"

namespace freshet::testkit {

// build/<preset>/freshet, found relative to the test program.
std::string freshet_program();

// A command that reads a topic, for FreshetProcess: the group has the topic's name, and the table, too. `more` follows.
std::vector<std::string> streaming_command(const std::string& command, const std::string& bootstrap,
                                           const std::string& topic, const std::string& clickhouse_url,
                                           const std::vector<std::string>& more = {});

class FreshetProcess {
 public:
  // `environment` is added to this process's environment.
  explicit FreshetProcess(std::vector<std::string> args, const std::map<std::string, std::string>& environment = {});

  // Sends SIGTERM; returns the exit status, or none after `limit`.
  std::optional<int> stop(std::chrono::seconds limit = std::chrono::seconds(60));
  ChildProcess& process() { return *process_; }
  std::string output() const { return process_->output(); }

 private:
  TempFolder folder_;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace freshet::testkit
