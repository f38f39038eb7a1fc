#include "fault_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>
#include <stdexcept>

#include "testkit/freshet_process.h"
#include "testkit/kafka_client.h"

namespace freshet::faults {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;

const std::string kTopic = "events";
const std::string kDeadLetters = "dead";
const std::string kGroup = "faults";
const std::string kViewTarget = "seen";
const std::string kViewSwitch = "view_fails";
constexpr std::chrono::microseconds kEvery(500);  // 2,000 messages a second
constexpr std::chrono::minutes kEnd(4);

std::filesystem::path own_folder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

std::string make_folder(const RunOptions& options) {
  std::string folder = options.logs;
  if (folder.empty())
    folder = (own_folder().parent_path() / "fault-logs" / fmt::format("seed-{}", options.run.seed)).string();
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

std::string columns_of(const Group& group) {
  if (group.form.typed) {
    return "project_id UInt64, profiler_id UUID, chunk_id UUID, start_timestamp DateTime64(6), "
           "end_timestamp DateTime64(6), environment LowCardinality(Nullable(String)), retention_days UInt16, "
           "partition UInt16, offset UInt64, id UInt64 ALIAS project_id, topic_partition UInt16 ALIAS partition, "
           "topic_offset UInt64 ALIAS offset, CONSTRAINT taken CHECK ifNull(environment, '') != 'rejected'";
  }
  return fmt::format("id UInt64, amount Int64, text String{}{}",
                     group.positions ? ", topic_partition Int32, topic_offset Int64" : "",
                     group.form.by_constraint ? ", CONSTRAINT positive CHECK amount >= 0" : "");
}

// A view cannot read an alias.
const char* id_column(const Group& group) { return group.form.typed ? "project_id" : "id"; }

// Whether the program knows the option.
bool knows_delivery() {
  const testkit::TempFolder folder;
  testkit::ChildProcess help({testkit::freshet_program(), "run", "--help"}, folder.path("help"));
  help.wait(60s);
  return help.output().find("--delivery ") != std::string::npos;
}

}  // namespace

FaultRun::FaultRun(const RunOptions& options)
    : options_(options),
      group_(group_of(options.run.seed)),
      folder_(make_folder(options)),
      log_(in_logs("faults.log")),
      proxy_port_(testkit::free_port()),
      proxied_port_(testkit::free_port()),
      kafka_({}, {{"PROXIED", "PLAINTEXT", proxied_port_, proxy_port_}}),
      kafka_proxy_(static_cast<uint16_t>(proxy_port_), static_cast<uint16_t>(proxied_port_)) {
  make_topics_and_tables();
  for (size_t i = 0; i < group_.members.size(); ++i) {
    members_.push_back(make_member(fmt::format("member-{}", i), group_.members[i], group_.native[i]));
  }
  guest_ = make_member("guest", Group::Membership::GeneratedId, false);
}

void FaultRun::make_topics_and_tables() {
  testkit::KafkaClient client(kafka_.bootstrap(), {{"log_level", "2"}});
  client.create_topic(kTopic, kPartitions);
  client.create_topic(kDeadLetters, 1);
  constexpr const char* kWindow = "SETTINGS non_replicated_deduplication_window = 100000";
  clickhouse_.query(fmt::format("CREATE TABLE {} ({}) ENGINE = MergeTree ORDER BY {} {}", kTopic, columns_of(group_),
                                id_column(group_), kWindow));
  if (!group_.view) return;
  clickhouse_.query(fmt::format("CREATE TABLE {} (id UInt64) ENGINE = MergeTree ORDER BY id {}", kViewTarget, kWindow));
  clickhouse_.query(fmt::format("CREATE TABLE {} (fails UInt8) ENGINE = Memory", kViewSwitch));
  clickhouse_.query(fmt::format(
      "CREATE MATERIALIZED VIEW view TO {0} AS SELECT {3} + throwIf({3} != 18446744073709551615 AND (SELECT "
      "count() FROM {1}) > 0, 'the view fails') AS id FROM {2}",
      kViewTarget, kViewSwitch, kTopic, id_column(group_)));
}

std::unique_ptr<Member> FaultRun::make_member(const std::string& name, Group::Membership membership, bool native) {
  std::vector<std::string> args = {"--bootstrap-server",
                                   fmt::format("127.0.0.1:{}", proxy_port_),
                                   "--topic",
                                   kTopic,
                                   "--consumer-group",
                                   kGroup,
                                   "--table",
                                   "default." + kTopic,
                                   "--dead-letter-topic",
                                   kDeadLetters,
                                   "--drain-timeout-ms",
                                   "4000",
                                   "--max-batch-time-ms",
                                   std::to_string(group_.batch_time.count()),
                                   "--commit-interval-ms",
                                   std::to_string(group_.commit_interval.count()),
                                   "--clickhouse-request-timeout-ms",
                                   "5000",
                                   "--clickhouse-connect-timeout-ms",
                                   "1000",
                                   "--set",
                                   fmt::format("kafka.session.timeout.ms={}", kSessionTimeout / 1ms),
                                   "--set",
                                   "kafka.topic.metadata.refresh.interval.ms=2000"};
  const auto add = [&](std::initializer_list<std::string> more) { args.insert(args.end(), more); };
  if (membership == Group::Membership::Dynamic) add({"--no-static-membership"});
  if (membership == Group::Membership::OwnId) add({"--group-instance-id", name});
  if (group_.cooperative) add({"--set", "kafka.partition.assignment.strategy=cooperative-sticky"});
  if (group_.form.typed) {
    add({"--processor", "ProfileChunksProcessor", "--insert-format", native ? "native" : "json-each-row"});
  } else if (group_.positions) {
    add({"--json-partition-column", "topic_partition", "--json-offset-column", "topic_offset"});
  }
  if (knows_delivery()) add({"--delivery", options_.delivery});
  return std::make_unique<Member>(name, std::move(args), clickhouse_.port(), in_logs(name + ".log"), log_);
}

bool FaultRun::run() {
  std::cout << fmt::format("seed {}, {} faults, delivery {}\n{}\nlogs: {}\n", options_.run.seed, options_.run.faults,
                           options_.delivery, group_.text(), folder_)
            << std::flush;
  for (const auto& member : members_) member->start();
  Load load(kafka_.bootstrap(), kTopic, kPartitions, kEvery, group_.form);
  if (!eventually(120s, [&] { return clickhouse_.count("SELECT count() FROM " + kTopic) > 0; })) {
    throw std::runtime_error("no rows arrive; see " + folder_);
  }
  const auto begun = std::chrono::steady_clock::now();
  Injector injector({kafka_, kafka_proxy_, clickhouse_, load, log_, members_, *guest_, kTopic, kViewSwitch});
  const Counts counts = injector.run(faults_of(options_.run, group_));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  const uint64_t produced = load.stop();
  if (!load.all_sent()) log_.find("the broker did not take all messages of the load");
  log_.write(fmt::format("the load has ended with {} messages", produced));
  wait_for_the_end();
  for (const auto& member : members_) member->terminate();
  print(counts, took.count());
  const bool rule = verify();
  for (const std::string& finding : log_.findings()) std::cout << "FINDING: " << finding << '\n';
  return rule && log_.findings().empty();
}

void FaultRun::wait_for_the_end() {
  testkit::KafkaClient client(kafka_.bootstrap(), {{"log_level", "2"}});
  int64_t committed = 0;
  int64_t all = 0;
  const bool done = eventually(kEnd, [&] {
    committed = 0;
    for (const auto& [partition, offset] : client.committed(kGroup, kTopic)) committed += std::max<int64_t>(offset, 0);
    all = client.count(kTopic);
    return committed >= all;
  });
  if (!done) log_.find(fmt::format("{} of {} messages are not committed after {}", all - committed, all, kEnd));
}

FaultRun::RepeatedInserts FaultRun::repeated_inserts() const {
  RepeatedInserts inserts;
  std::ofstream spans(in_logs("unverified"));
  const std::regex span(R"((\d+):(\d+)-(\d+))");
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.path().extension() != ".log") continue;
    std::ifstream log(entry.path());
    for (std::string line; std::getline(log, line);) {
      if (line.find("insert_incomplete") != std::string::npos) ++inserts.incomplete;
      if (line.find("insert_unverified") == std::string::npos) continue;
      ++inserts.unverified;
      for (std::sregex_iterator at(line.begin(), line.end(), span), end; at != end; ++at) {
        spans << (*at)[1] << ' ' << (*at)[2] << ' ' << (*at)[3] << '\n';
      }
    }
  }
  return inserts;
}

bool FaultRun::verify() {
  const RepeatedInserts repeated = repeated_inserts();
  std::cout << fmt::format("inserts reported as unverified: {}, as incomplete: {}\n", repeated.unverified,
                           repeated.incomplete);
  std::vector<std::string> command = {(own_folder() / "soak-faults-verifier").string(),
                                      "--bootstrap",
                                      kafka_.bootstrap(),
                                      "--topic",
                                      kTopic,
                                      "--dead-letters",
                                      kDeadLetters,
                                      "--clickhouse",
                                      clickhouse_.url(),
                                      "--table",
                                      kTopic,
                                      "--delivery",
                                      options_.delivery,
                                      "--reported",
                                      in_logs("unverified")};
  if (group_.positions) command.push_back("--positions");
  if (group_.view) command.insert(command.end(), {"--view-target", kViewTarget});
  testkit::ChildProcess verifier(command, in_logs("verifier.out"));
  const auto status = verifier.wait(10min);
  std::cout << verifier.output() << std::flush;
  return status == 0;
}

void FaultRun::print(const Counts& counts, double seconds) const {
  size_t done = 0;
  size_t unmet = 0;
  for (const auto& [kind, count] : counts.done) done += count;
  for (const auto& [kind, count] : counts.unmet) unmet += count;
  std::cout << fmt::format("{} faults in {:.0f} s", done, seconds);
  if (unmet > 0) std::cout << fmt::format(", {} that no request met", unmet);
  std::cout << ":\n";
  for (size_t i = 0; i < kKinds; ++i) {
    const auto kind = static_cast<Kind>(i);
    const auto found = counts.done.find(kind);
    std::cout << fmt::format("  {:4} {}", found == counts.done.end() ? 0 : found->second, about(kind).name);
    if (kind == Kind::MemberFrozen) std::cout << fmt::format(" ({} late inserts arrived)", counts.late_inserts);
    if (const auto none = counts.unmet.find(kind); none != counts.unmet.end()) {
      std::cout << fmt::format(" ({} unmet)", none->second);
    }
    std::cout << '\n';
  }
}

}  // namespace freshet::faults
