// One run: servers, members, load, faults, verifier, report.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fault_list.h"
#include "injector.h"
#include "load.h"
#include "member.h"
#include "run_log.h"
#include "testkit/kafka_proxy.h"
#include "testkit/servers.h"

namespace freshet::faults {

struct RunOptions {
  Run run;
  std::string delivery = "at-least-once";
  std::string logs;  // folder; empty = fault-logs/seed-S in the build folder
};

class FaultRun {
 public:
  explicit FaultRun(const RunOptions& options);
  // Prints the report. False if the verifier's rule is broken, or something else is not as it must be.
  bool run();

 private:
  void make_topics_and_tables();
  std::unique_ptr<Member> make_member(const std::string& name, Group::Membership membership, bool native);
  // Waits until the group has committed everything.
  void wait_for_the_end();
  // Numbers of inserts that members have reported.
  struct RepeatedInserts {
    size_t unverified = 0;
    size_t incomplete = 0;  // the server had lost rows, which were inserted again
  };
  // Reads the members' logs, and writes the spans of the unverified inserts into a file.
  RepeatedInserts repeated_inserts() const;
  bool verify();
  void print(const Counts& counts, double seconds) const;
  std::string in_logs(const std::string& name) const { return folder_ + "/" + name; }

  const RunOptions options_;
  const Group group_;
  const std::string folder_;
  RunLog log_;
  const int proxy_port_;    // advertised to the members
  const int proxied_port_;  // the broker's own
  testkit::KafkaServer kafka_;
  testkit::KafkaProxy kafka_proxy_;
  testkit::LocalClickHouse clickhouse_;
  std::vector<std::unique_ptr<Member>> members_;
  std::unique_ptr<Member> guest_;
};

}  // namespace freshet::faults
