// The identity of this process in its consumer group, and if its next consumer can continue the membership of the last
// one (static membership, KIP-345).
#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/mutex.h"
#include "kafka/kafka_settings.h"
#include "ports/source.h"

namespace freshet::kafka {

// Threads: any. Lives as long as the process: all its consumers are the same member.
class Identity {
 public:
  // Without an id of the operator's one is generated, unless static membership is turned off or the group protocol is
  // `consumer` (KIP-848): a static member of that protocol cannot leave for good through librdkafka.
  Identity(const KafkaSettings& settings, Log& log);

  std::string instance_id() const;  // group.instance.id of the next client; empty = dynamic member
  // The operator's own id: its member does not leave on exit, so a restarted process gets its partitions back.
  bool configured() const { return configured_; }
  bool new_protocol() const { return new_protocol_; }

  Membership::Continuity continuity() const { return continuity_.load(); }
  // Whether the broker shows the instance id of the member that asked; an answer about another id than the present one
  // counts for nobody. Where it does not, a generated one is given up: with it the library would close without leaving.
  void broker_said(const std::string& about, bool knows_our_id);
  // Another process has our generated id: takes a new one.
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

// Only letters, digits, '.', '_' and '-', at most 249 of them, as brokers require; ends with `suffix`.
std::string make_instance_id(const std::string& group, const std::string& host, const std::string& suffix);

// The membership of a client in its group.
struct GroupStanding {
  int32_t generation = -1;  // -1 = not a member
  std::string member_id;    // empty = not a member
};

// The library has no accessor for the generation before 2.12; it is read from the serialised group metadata. Waits only
// for the library's main thread.
GroupStanding group_standing(rd_kafka_t* client);
GroupStanding parse_group_metadata(const char* data, size_t size);

// Before a client joins as an existing member: true if the group is stable. One query of at most a second; empty if it
// was not answered. Only if the broker is known to support it (Continuity::Works).
std::optional<bool> group_rests(rd_kafka_t* client, const std::string& group, std::stop_token stop);

// Asks the group coordinator (DescribeConsumerGroups) if it shows `client`, a member, with this instance id. Repeats
// while the coordinator does not answer, and while it does not show the client at all (it has left, or was fenced).
// Empty if `stop` was requested or the group cannot be described for half a minute.
std::optional<bool> broker_knows(rd_kafka_t* client, const std::string& group, const std::string& instance_id,
                                 Clock& clock, std::stop_token stop);

}  // namespace freshet::kafka
