// This process's identity in its consumer group, and whether its next consumer can continue the membership of the last
// one (static membership, KIP-345).
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "kafka/kafka_settings.h"
#include "ports/source.h"

namespace freshet::kafka {

// Lives as long as the process: all its consumers are the same member. Threads: any.
class Identity {
 public:
  // Without a configured instance id, one is generated, unless static membership is disabled or the group protocol is
  // `consumer` (KIP-848): through librdkafka, a static member of that protocol cannot leave permanently.
  Identity(const KafkaSettings& settings, Log& log);

  std::string instance_id() const;  // group.instance.id of the next client; empty = dynamic member
  // The operator configured the id: the member does not leave on exit, so a restarted process gets its partitions back.
  bool configured() const { return configured_; }
  bool new_protocol() const { return new_protocol_; }

  Membership::Continuity continuity() const { return continuity_.load(); }
  // Records whether the broker keeps the static member `about`, an instance id; ignored if that is no longer the
  // current id. A generated id that the broker does not keep is dropped, because with an instance id the library closes
  // without leaving.
  void broker_said(const std::string& about, bool knows_our_id);
  // Another process has our generated id: generates a new one. No effect on a configured id.
  void regenerate();

 private:
  const std::string group_;
  const bool configured_;
  const bool new_protocol_;
  Log& log_;
  mutable Mutex mutex_;
  std::string instance_id_ GUARDED_BY(mutex_);
  std::atomic<Membership::Continuity> continuity_{Membership::Continuity::Absent};
};

// The result consists of letters, digits, '.', '_' and '-', at most 249 of them, as brokers require, and ends with
// `suffix`.
std::string make_instance_id(const std::string& group, const std::string& host, const std::string& suffix);

// A client's membership in its group.
struct GroupStanding {
  int32_t generation = -1;  // -1 = not a member
  std::string member_id;    // empty = not a member
};

// librdkafka has no accessor for the generation before 2.12, so it is read from the serialised group metadata. Waits
// only for the library's main thread.
GroupStanding group_standing(rd_kafka_t* client);
GroupStanding parse_group_metadata(const char* data, size_t size);

// Call before a client joins as an existing member: false while the group rebalances. Takes at most a second; empty if
// it was not answered. Asks with ListGroups: requests of the library's Admin API to the coordinator abort the process
// (docs/adr/0005).
std::optional<bool> group_rests(rd_kafka_t* client, const std::string& group, Clock& clock);

// True if the broker gave `member_id` to a static member with this instance id. A broker that keeps static members
// builds their ids as instance id, '-', UUID, and those of other members as client id, '-', UUID (Kafka 2.3 and later:
// generateMemberId in GroupMetadata.scala and ClassicGroup.java; Redpanda: group::generate_member_id).
bool names_instance(std::string_view member_id, std::string_view instance_id);

}  // namespace freshet::kafka
