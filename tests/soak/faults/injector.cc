#include "injector.h"

#include <fmt/format.h>

#include <exception>
#include <iostream>
#include <thread>
#include <tuple>
#include <utility>

namespace freshet::faults {
namespace {

using namespace std::chrono_literals;
using testkit::eventually;
using testkit::KafkaApi;
using testkit::KafkaFault;

// How long a fault waits for the first request that meets it, and then for the others.
constexpr std::chrono::seconds kFirst(30);
constexpr std::chrono::seconds kOthers(5);
// So often: after a restart of the broker it may take half a minute until a member commits again.
constexpr int kTries = 3;
// A line of progress after that many faults.
constexpr size_t kProgress = 20;

testkit::Fault insert_fault(const Fault& fault) {
  using Of = testkit::Fault;
  Of out;
  switch (fault.kind) {
    case Kind::InsertAnswered252:
      out = Of::exception(252,
                          "Too many parts (3001). Merges are processing significantly slower than inserts. "
                          "(TOO_MANY_PARTS)");
      break;
    case Kind::InsertAnswered241:
      out = Of::exception(241, fault.of_the_query ? "Query memory limit exceeded: would use 1.00 GiB, maximum: "
                                                    "1.00 GiB. (MEMORY_LIMIT_EXCEEDED)"
                                                  : "(total) memory limit exceeded: would use 1.00 GiB, maximum: "
                                                    "1.00 GiB. (MEMORY_LIMIT_EXCEEDED)");
      break;
    case Kind::InsertHangs:
      out = Of::of(Of::Kind::Hang);
      break;
    case Kind::InsertReset:
      out = Of::of(Of::Kind::CloseMidBody);
      break;
    case Kind::InsertAnswerLost:
      out = Of::of(Of::Kind::LoseAnswer);
      break;
    case Kind::InsertAnswerCut:
      out = Of::of(Of::Kind::CloseMidAnswer);
      break;
    default:
      out = Of::of(Of::Kind::Answer);
      out.text = "Internal Server Error";
  }
  out.inserts_only = true;
  return out;
}

KafkaFault commit_fault(const Fault& fault) {
  using Where = KafkaFault::Where;
  switch (fault.kind) {
    case Kind::CommitRequestDelayed:
      return KafkaFault::delay(Where::Request, fault.lasts);
    case Kind::CommitAnswerDelayed:
      return KafkaFault::delay(Where::Answer, fault.lasts);
    case Kind::CommitRequestLost:
      return KafkaFault::cut(Where::Request);
    case Kind::CommitAnswerLost:
      return KafkaFault::cut(Where::Answer);
    case Kind::CommitLate:
      return KafkaFault::deliver_late(fault.lasts);
    default:
      return KafkaFault::repeat();
  }
}

}  // namespace

Counts Injector::run(const std::vector<Fault>& faults) {
  std::map<std::pair<Place, int>, std::vector<Fault>> places;
  for (const Fault& fault : faults) {
    places[{fault.place(), fault.place() == Place::Member ? fault.member : 0}].push_back(fault);
  }
  const auto begun = std::chrono::steady_clock::now();
  for (auto& [place, list] : places) {
    threads_.emplace_back(
        [this, begun, own = std::move(list)](const std::stop_token& stop) { work(own, begun, stop); });
  }
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ended_ == threads_.size(); });
  }
  parts_.kafka_proxy.clear();
  for (const auto& member : parts_.members) {
    member->clickhouse().clear();
    member->expect_running();
  }
  const std::lock_guard lock(mutex_);
  return counts_;
}

void Injector::work(const std::vector<Fault>& faults, std::chrono::steady_clock::time_point begun,
                    const std::stop_token& stop) {
  for (const Fault& fault : faults) {
    std::this_thread::sleep_until(begun + fault.at);
    parts_.log.write("begins: " + fault.text());
    bool met = false;
    try {
      for (int tries = 0; !met && tries < kTries; ++tries) met = carry_out(fault);
    } catch (const std::exception& e) {
      parts_.log.find(fmt::format("{}: {}", fault.text(), e.what()));
    }
    parts_.log.write(fmt::format("{}: {}", met ? "over" : "nothing met it", fault.text()));
    const std::lock_guard lock(mutex_);
    ++(met ? counts_.done : counts_.unmet)[fault.kind];
    if (++over_ % kProgress == 0) {
      std::cout << fmt::format("{} faults, {} messages\n", over_, parts_.load.produced()) << std::flush;
    }
  }
  std::unique_lock lock(mutex_);
  ++ended_;
  changed_.notify_all();
  changed_.wait(lock, stop, [] { return false; });
}

bool Injector::carry_out(const Fault& fault) {
  Member& member = fault.place() == Place::Guest ? parts_.guest : *parts_.members[static_cast<size_t>(fault.member)];
  switch (fault.kind) {
    case Kind::MemberKilled:
      member.kill();
      std::this_thread::sleep_for(fault.lasts);
      member.start();
      return true;
    case Kind::MemberTerminated:
    case Kind::MemberStarted:
      if (fault.kind == Kind::MemberTerminated) {
        if (fault.renewing.count() > 0 && member.renew()) std::this_thread::sleep_for(fault.renewing);
        member.terminate();
        std::this_thread::sleep_for(fault.lasts);
        member.start();
      } else {
        member.start();
        std::this_thread::sleep_for(fault.lasts);
        member.terminate();
      }
      return true;
    case Kind::MemberFrozen:
      return freeze(member);
    case Kind::MemberRenewed:
      return member.renew();
    case Kind::ClickHouseKilled:
      parts_.clickhouse.kill();
      std::this_thread::sleep_for(fault.lasts);
      parts_.clickhouse.start();
      return true;
    case Kind::BrokerKilled:
    case Kind::BrokerStopped:
      restart_broker(fault);
      return true;
    case Kind::ViewFails:
      return fail_view();
    case Kind::PartitionAdded:
      add_partition();
      return true;
    default:
      return fault.place() == Place::Commits ? spoil_commits(fault) : fail_insert(member, fault);
  }
}

bool Injector::freeze(Member& member) {
  member.expect_running();
  testkit::FaultProxy& proxy = member.clickhouse();
  testkit::Fault hold = testkit::Fault::of(testkit::Fault::Kind::Hold);
  hold.inserts_only = true;
  const size_t held = proxy.held();
  const size_t answered = proxy.answered_late();
  proxy.set(hold, 1);
  if (!proxy.wait_for_held(held + 1, kFirst)) {
    proxy.clear();
    return false;
  }
  member.freeze();
  parts_.log.write(member.name() + " is frozen with an insert under way");
  std::this_thread::sleep_for(2 * kSessionTimeout);
  proxy.clear();
  const bool arrived = eventually(60s, [&] { return proxy.answered_late() > answered; });
  parts_.log.write(fmt::format("{}: the late insert {}", member.name(), arrived ? "has arrived" : "has not arrived"));
  member.thaw();
  if (!arrived) throw std::runtime_error("ClickHouse did not answer the late insert");
  const std::lock_guard lock(mutex_);
  ++counts_.late_inserts;
  return true;
}

bool Injector::fail_insert(Member& member, const Fault& fault) {
  member.expect_running();
  testkit::FaultProxy& proxy = member.clickhouse();
  const size_t before = proxy.faults();
  proxy.set(insert_fault(fault), fault.times);
  const bool met = proxy.wait_for_faults(before + 1, kFirst);
  if (met) proxy.wait_for_faults(before + fault.times, kOthers);
  std::this_thread::sleep_for(fault.lasts);
  proxy.clear();
  return met;
}

bool Injector::spoil_commits(const Fault& fault) {
  testkit::KafkaProxy& proxy = parts_.kafka_proxy;
  const size_t before = proxy.faults(KafkaApi::OffsetCommit);
  KafkaFault spoiled = commit_fault(fault);
  spoiled.times = fault.times;
  proxy.set(KafkaApi::OffsetCommit, spoiled);
  const auto faults = [&] { return proxy.faults(KafkaApi::OffsetCommit) - before; };
  const bool met = eventually(kFirst, [&] { return faults() > 0; });
  if (met) eventually(kOthers, [&] { return faults() >= fault.times; });
  std::this_thread::sleep_for(fault.lasts);  // until then the proxy delays
  proxy.clear(KafkaApi::OffsetCommit);
  return met;
}

bool Injector::fail_view() {
  const auto failures = [&]() -> uint64_t {
    try {
      return parts_.clickhouse.count(
          "SELECT sum(value) FROM system.errors WHERE name = 'FUNCTION_THROW_IF_VALUE_IS_NON_ZERO'");
    } catch (const std::exception&) {
      return 0;
    }
  };
  const uint64_t before = failures();
  ask_clickhouse(fmt::format("INSERT INTO {} VALUES (1)", parts_.view_switch));
  const bool met = eventually(kFirst, [&] { return failures() > before; });
  ask_clickhouse("TRUNCATE TABLE " + parts_.view_switch);
  return met;
}

void Injector::restart_broker(const Fault& fault) {
  if (fault.kind == Kind::BrokerKilled) {
    parts_.kafka.kill();
  } else {
    parts_.kafka.stop();
  }
  std::this_thread::sleep_for(fault.lasts);
  parts_.kafka.start();
}

void Injector::add_partition() {
  eventually(60s, [&] {  // the broker may be away
    try {
      testkit::KafkaClient client(parts_.kafka.bootstrap(), {{"log_level", "2"}});
      const int count = client.partitions(parts_.topic) + 1;
      client.add_partitions(parts_.topic, count);
      parts_.load.set_partitions(count);
      return true;
    } catch (const std::exception& e) {
      parts_.log.write(fmt::format("no partition added: {}", e.what()));
      return false;
    }
  });
}

void Injector::ask_clickhouse(const std::string& sql) {
  std::string last;
  const bool done = eventually(60s, [&] {
    try {
      parts_.clickhouse.query(sql);
      return true;
    } catch (const std::exception& e) {
      last = e.what();
      return false;
    }
  });
  if (!done) throw std::runtime_error(last);
}

}  // namespace freshet::faults
