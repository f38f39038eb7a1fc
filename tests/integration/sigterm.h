// A member gets SIGTERM at any moment of its life: the other member must own everything long before the consumer of the
// terminated one times out, and no member may remain.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "group_member.h"
#include "group_state.h"
#include "testkit/kafka_client.h"

namespace freshet::testkit {

struct KindOfMember {
  std::string name;
  std::vector<std::string> args;
};

// A broker for them. In the consumer protocol it sets the session timeout and the interval of the heartbeats: two
// minutes, as for the other kinds, and a second.
inline std::map<std::string, std::string> sigterm_broker() {
  return {{"group.consumer.max.session.timeout.ms", "120000"},
          {"group.consumer.session.timeout.ms", "120000"},
          {"group.consumer.min.heartbeat.interval.ms", "1000"},
          {"group.consumer.heartbeat.interval.ms", "1000"}};
}

// The kinds that the linked library supports.
inline std::vector<KindOfMember> kinds_of_members() {
  std::vector<KindOfMember> kinds = {
      {"static", {}},
      {"dynamic", {"--no-static-membership"}},
      {"cooperative", {"--set", "kafka.partition.assignment.strategy=cooperative-sticky"}},
  };
  for (KindOfMember& kind : kinds) {
    kind.args.insert(kind.args.end(),
                     {"--set", "kafka.session.timeout.ms=120000", "--set", "kafka.heartbeat.interval.ms=1000"});
  }
  std::array<char, 256> text{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  if (rd_kafka_conf_set(conf, "group.protocol", "consumer", text.data(), text.size()) == RD_KAFKA_CONF_OK) {
    kinds.push_back({"848", {"--set", "kafka.group.protocol=consumer"}});
  }
  rd_kafka_conf_destroy(conf);
  return kinds;
}

// A group with one permanent member; others join and are terminated, one after the other. Threads: one.
class TerminatedMembers {
 public:
  static constexpr int kPartitions = 4;
  struct Limits {
    std::chrono::milliseconds life{4500};  // SIGTERM comes at a random moment of it
    std::chrono::seconds others{60};       // from the signal until the other member owns everything
  };

  // `args` are for the group and topic `group`, which the constructor creates.
  TerminatedMembers(std::string group, const KindOfMember& kind, std::vector<std::string> args,
                    const std::string& bootstrap, uint32_t seed, Limits limits)
      : group_(std::move(group)),
        kind_(kind),
        args_(std::move(args)),
        limits_(limits),
        random_(seed),
        coordinator_(bootstrap, group_) {
    args_.insert(args_.end(), kind.args.begin(), kind.args.end());
    KafkaClient(bootstrap).create_topic(group_, kPartitions);
    stays_ = std::make_unique<GroupMember>(args_);
  }

  // Terminates `times` members. Returns the errors, each with its moment; empty = none.
  std::vector<std::string> run(int times) {
    std::vector<std::string> faults;
    if (!eventually(std::chrono::seconds(60), [&] { return owns_all(); })) return {"the first member gets nothing"};
    for (int i = 0; i < times; ++i) {
      const auto moment = std::chrono::milliseconds(random_() % static_cast<uint32_t>(limits_.life.count()));
      const bool renews = random_() % 3 == 0 && moment > std::chrono::milliseconds(800);
      if (std::string fault = terminate_one(moment, renews); !fault.empty()) faults.push_back(std::move(fault));
    }
    return faults;
  }
  double longest() const { return longest_; }

 private:
  bool owns_all() const { return stays_->status().partitions.size() == kPartitions; }

  std::string terminate_one(std::chrono::milliseconds moment, bool renews) {
    using Clock = std::chrono::steady_clock;
    std::vector<std::string> command = args_;
    command.insert(command.begin(), "run");
    FreshetProcess member(command);
    if (renews) {
      std::this_thread::sleep_for(moment / 2);
      member.process().signal(SIGUSR1);
      std::this_thread::sleep_for(moment / 2);
    } else {
      std::this_thread::sleep_for(moment);
    }
    const auto signalled = Clock::now();
    const auto status = member.stop(std::chrono::seconds(60));
    const auto describe = [&](const std::string& what) {
      return fmt::format("{} {}, SIGTERM after {} ms{}: {}\n--- the member\n{}--- the one that stays\n{}", kind_.name,
                         group_, moment.count(), renews ? ", asked to renew before" : "", what, member.output(),
                         stays_->log());
    };
    // Before the program has installed its handlers, the signal kills it.
    if (!status || (*status != 0 && *status != 128 + SIGTERM && *status != 128 + SIGUSR1)) {
      return describe(fmt::format("ended with status {}", status.value_or(-1)));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // requests in transit have reached the broker
    const auto alone = [&] { return owns_all() && coordinator_.members_at_rest() == 1; };
    const bool well = eventually(
        std::chrono::duration_cast<std::chrono::milliseconds>(signalled + limits_.others - Clock::now()), alone);
    longest_ = std::max(longest_, std::chrono::duration<double>(Clock::now() - signalled).count());
    if (well) return {};
    const std::string said =
        describe(fmt::format("the other owns {} of {} partitions, the group has {} members",
                             stays_->status().partitions.size(), kPartitions, coordinator_.members_at_rest()));
    eventually(std::chrono::seconds(120), alone);  // the next one starts with a stable group
    return said;
  }

  const std::string group_;
  const KindOfMember kind_;
  std::vector<std::string> args_;
  const Limits limits_;
  std::minstd_rand random_;
  const GroupWatch coordinator_;
  std::unique_ptr<GroupMember> stays_;
  double longest_ = 0;
};

// `times` members of each kind, several groups of a kind in parallel. FRESHET_SIGTERM_SEED repeats the same moments.
inline void expect_others_to_own_everything(const KafkaServer& kafka, const std::string& clickhouse_url, int times,
                                            int groups, TerminatedMembers::Limits limits,
                                            std::vector<std::string> more = {}) {
  // No server is at the address: with auto no member would join the group.
  more.insert(more.end(), {"--delivery", "at-least-once"});
  const char* given = std::getenv("FRESHET_SIGTERM_SEED");
  const uint32_t seed = given != nullptr ? static_cast<uint32_t>(std::atoi(given)) : std::random_device{}();
  std::cout << fmt::format("FRESHET_SIGTERM_SEED={}\n", seed);
  struct Running {
    std::string name;
    std::unique_ptr<TerminatedMembers> members;
    std::vector<std::string> faults;
  };
  std::vector<Running> running;
  for (const KindOfMember& kind : kinds_of_members()) {
    for (int g = 0; g < groups; ++g) {
      const std::string group = fmt::format("sigterm_{}_{}", kind.name, g);
      running.push_back({group,
                         std::make_unique<TerminatedMembers>(
                             group, kind, member_args(kafka, clickhouse_url, group, more), kafka.bootstrap(),
                             seed + 7919 * static_cast<uint32_t>(running.size()), limits),
                         {}});
    }
  }
  {
    std::vector<std::jthread> threads;
    for (Running& one : running) {
      threads.emplace_back([&one, each = (times + groups - 1) / groups] { one.faults = one.members->run(each); });
    }
  }
  for (const Running& one : running) {
    std::cout << fmt::format("{}: the longest took {:.1f} s, {} failed\n", one.name, one.members->longest(),
                             one.faults.size());
    for (const std::string& fault : one.faults) ADD_FAILURE() << fault;
  }
}

}  // namespace freshet::testkit
