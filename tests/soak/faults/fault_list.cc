#include "fault_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace freshet::faults {
namespace {

using std::chrono::milliseconds;

constexpr std::array<KindOfFault, kKinds> kAbout{{
    {"member killed", Place::Member, 5},
    {"member frozen", Place::Member, 3},
    {"member terminated", Place::Member, 5},
    {"member started", Place::Guest, 2},
    {"member renewed", Place::Member, 5},
    {"broker killed", Place::Broker, 2},
    {"broker stopped", Place::Broker, 1},
    {"commit request delayed", Place::Commits, 2},
    {"commit answer delayed", Place::Commits, 2},
    {"commit request lost", Place::Commits, 3},
    {"commit answer lost", Place::Commits, 3},
    {"commit late", Place::Commits, 4},
    {"commit repeated", Place::Commits, 3},
    {"ClickHouse killed", Place::ClickHouse, 3},
    {"insert answered 500", Place::Member, 2},
    {"insert answered 252", Place::Member, 2},
    {"insert answered 241", Place::Member, 2},
    {"insert hangs", Place::Member, 2},
    {"insert reset in its body", Place::Member, 3},
    {"insert answer lost", Place::Member, 4},
    {"insert answer cut", Place::Member, 2},
    {"view fails", Place::ClickHouse, 2},
    {"partition added", Place::Topic, 1},
}};

// SplitMix64 (Steele, Lea, Flood 2014). The distributions of <random> are not the same in every standard library.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  uint64_t below(uint64_t limit) { return next() % limit; }
  milliseconds between(int64_t least, int64_t most) {
    return milliseconds(least + static_cast<int64_t>(below(static_cast<uint64_t>(most - least + 1))));
  }

 private:
  uint64_t state_;
};

Kind any_kind(Random& random) {
  const auto add = [](unsigned sum, const KindOfFault& one) { return sum + one.weight; };
  uint64_t at = random.below(std::accumulate(kAbout.begin(), kAbout.end(), 0U, add));
  size_t kind = 0;
  while (at >= kAbout[kind].weight) at -= kAbout[kind++].weight;
  return static_cast<Kind>(kind);
}

std::vector<Kind> kinds_of(size_t count, const std::vector<Kind>& only, bool view, Random& random) {
  std::vector<Kind> kinds;
  while (!only.empty() && kinds.size() < count) kinds.push_back(only[random.below(only.size())]);
  if (!only.empty()) return kinds;
  const auto possible = [&](Kind kind) { return view || kind != Kind::ViewFails; };
  for (size_t i = 0; i < kKinds; ++i) {
    if (possible(static_cast<Kind>(i))) kinds.push_back(static_cast<Kind>(i));
  }
  int added = 1;
  while (kinds.size() < count) {
    const Kind kind = any_kind(random);
    if (!possible(kind)) continue;
    if (kind == Kind::PartitionAdded && ++added > kMostPartitions - kPartitions) continue;
    kinds.push_back(kind);
  }
  for (size_t i = kinds.size(); i > 1; --i) std::swap(kinds[i - 1], kinds[random.below(i)]);
  kinds.resize(count);
  return kinds;
}

// At most that many milliseconds.
milliseconds duration_of(Kind kind, Random& random) {
  switch (kind) {
    case Kind::MemberStarted:
      return random.between(2000, 12000);
    case Kind::MemberKilled:
    case Kind::MemberTerminated:
      return random.below(2) == 0 ? milliseconds(0) : random.between(0, 8000);
    case Kind::CommitRequestDelayed:
    case Kind::CommitAnswerDelayed:
      return random.between(300, 7000);
    case Kind::CommitLate:
      return random.between(200, 9000);
    case Kind::InsertHangs:
      return random.between(1000, 8000);
    case Kind::BrokerKilled:
    case Kind::BrokerStopped:
    case Kind::ClickHouseKilled:
      return random.between(0, 3000);
    default:
      return milliseconds(0);
  }
}

uint64_t times_of(Kind kind, Random& random) {
  const Place place = about(kind).place;
  const bool of_requests = place == Place::Commits || (place == Place::Member && kind > Kind::MemberRenewed);
  if (!of_requests || kind == Kind::InsertHangs || kind == Kind::CommitLate) return 1;
  return 1 + random.below(3);
}

}  // namespace

const KindOfFault& about(Kind kind) { return kAbout[static_cast<size_t>(kind)]; }

std::optional<Kind> find_kind(std::string_view name) {
  for (size_t i = 0; i < kKinds; ++i) {
    if (kAbout[i].name == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

std::string Fault::text() const {
  std::string text = fmt::format("{:7.1f} s  {}", static_cast<double>(at.count()) / 1000, about(kind).name);
  if (place() == Place::Member) text += fmt::format(", member {}", member);
  if (lasts.count() > 0) text += fmt::format(", {} ms", lasts.count());
  if (renewing.count() > 0) text += fmt::format(", {} us after a renewal began", renewing.count());
  if (times > 1) text += fmt::format(", {} times", times);
  if (kind == Kind::InsertAnswered241) text += of_the_query ? ", of the query" : ", of the server";
  return text;
}

std::string Group::text() const {
  std::string text;
  for (const Membership one : members) {
    text += one == Membership::OwnId ? "own id, " : one == Membership::GeneratedId ? "generated id, " : "dynamic, ";
  }
  std::string formats = "JSONEachRow";
  if (form.typed) {
    formats = "typed: ";
    for (const bool one : native) formats += one ? "n" : "j";
  }
  return fmt::format(
      "members: {}{}; rows {}; table {} positions{}; rows rejected by {}; batches of {} ms, commits each {} ms", text,
      cooperative ? "cooperative" : "eager", formats, positions ? "with" : "without", view ? " and with a view" : "",
      form.by_constraint ? "a constraint" : "a type", batch_time.count(), commit_interval.count());
}

Group group_of(uint64_t seed) {
  Random random(seed ^ 0x67726f7570);
  Group group;
  for (uint64_t i = 0, count = 2 + random.below(2); i < count; ++i) {
    group.members.push_back(static_cast<Group::Membership>(random.below(3)));
  }
  group.cooperative = random.below(3) == 0;
  group.positions = seed % 2 == 0;
  group.view = seed % 4 != 0;
  group.form.by_constraint = random.below(2) == 0;
  constexpr std::array kBatchTimes{200, 500, 1000};
  group.batch_time = milliseconds(kBatchTimes[random.below(kBatchTimes.size())]);
  group.commit_interval = milliseconds(random.below(2) == 0 ? 200 : 1000);
  group.form.typed = random.below(2) == 0;
  group.native.assign(group.members.size(), true);
  if (!group.form.typed) return group;
  group.form.by_constraint = group.positions = true;
  group.native[random.below(group.members.size())] = random.below(3) == 0;
  return group;
}

std::vector<Fault> faults_of(const Run& run, const Group& group) {
  Random random(run.seed);
  std::vector<Fault> faults;
  milliseconds at(0);
  for (const Kind kind : kinds_of(run.faults, run.only, group.view, random)) {
    Fault fault;
    fault.kind = kind;
    fault.at = at;
    fault.member = static_cast<int>(random.below(group.members.size()));
    fault.lasts = duration_of(kind, random);
    fault.times = times_of(kind, random);
    fault.of_the_query = random.below(2) == 0;
    const bool renews = random.below(2) == 0;
    const std::chrono::microseconds moment(1 + random.below(40'000));
    if (fault.kind == Kind::MemberTerminated && renews) fault.renewing = moment;
    faults.push_back(fault);
    at += random.between(0, 2 * run.every.count());
  }
  return faults;
}

}  // namespace freshet::faults
