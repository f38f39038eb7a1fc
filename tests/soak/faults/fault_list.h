// The faults of a run. They and their parameters depend on the seed only, so that a seed repeats them.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "messages.h"

namespace freshet::faults {

// What a fault needs for itself. Faults of one place come one after the other; those of different places overlap.
enum class Place { Member, Guest, Broker, Commits, ClickHouse, Topic };

enum class Kind {
  MemberKilled,
  MemberFrozen,  // for twice the session timeout, with an insert's whole body sent, which ClickHouse gets afterwards
  MemberTerminated,
  MemberStarted,  // one more member, for some seconds
  MemberRenewed,
  BrokerKilled,
  BrokerStopped,
  CommitRequestDelayed,
  CommitAnswerDelayed,
  CommitRequestLost,  // and the connection cut
  CommitAnswerLost,   // and the connection cut
  CommitLate,         // the connection is cut, and the broker gets the request seconds later
  CommitRepeated,
  ClickHouseKilled,
  InsertAnswered500,
  InsertAnswered252,
  InsertAnswered241,
  InsertHangs,
  InsertReset,
  InsertAnswerLost,
  InsertAnswerCut,
  ViewFails,
  PartitionAdded,
};
inline constexpr size_t kKinds = static_cast<size_t>(Kind::PartitionAdded) + 1;

struct KindOfFault {
  std::string_view name;
  Place place;
  unsigned weight;  // how often it occurs, compared with others
};
const KindOfFault& about(Kind kind);
std::optional<Kind> find_kind(std::string_view name);

struct Fault {
  std::chrono::milliseconds at{0};  // since the first member owned partitions; later if the place is still busy
  Kind kind{};
  int member = 0;                      // of Place::Member
  std::chrono::milliseconds lasts{0};  // down, delayed, hanging
  uint64_t times = 1;                  // requests that it applies to
  bool of_the_query = false;           // error 241: about this insert, not about the whole server
  // MemberTerminated: that long after it was asked to renew its consumer; 0 = it was not asked.
  std::chrono::microseconds renewing{0};
  Place place() const { return about(kind).place; }
  std::string text() const;
};

struct Run {
  uint64_t seed = 0;
  size_t faults = 200;
  std::chrono::milliseconds every{6000};  // on average
  std::vector<Kind> only;                 // empty = all kinds
};

// How the group of a seed is made up.
struct Group {
  enum class Membership { OwnId, GeneratedId, Dynamic };
  std::vector<Membership> members;  // two or three
  bool cooperative = false;
  bool positions = false;  // the table has columns for partition and offset
  bool view = true;        // a materialized view reads from the table; without it freshet can count rows by position
  MessageForm form;
  // With a typed form: which members send Native; the others, and the guest, JSONEachRow. So an insert is repeated in
  // another format when a partition changes its owner.
  std::vector<bool> native;
  std::chrono::milliseconds batch_time{500};
  std::chrono::milliseconds commit_interval{1000};
  std::string text() const;
};

constexpr int kPartitions = 4;
constexpr int kMostPartitions = 10;

Group group_of(uint64_t seed);
// In the order of `at`. Each kind occurs at least once if there are enough faults.
std::vector<Fault> faults_of(const Run& run, const Group& group);

}  // namespace freshet::faults
