// A proxy in front of one Kafka broker on loopback. It parses requests and answers, and delays or drops those of chosen
// kinds.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "testkit/socket.h"

namespace freshet::testkit {

// API keys of the Kafka protocol; other values may be cast from int16_t.
enum class KafkaApi : int16_t {
  Produce = 0,
  Fetch = 1,
  ListOffsets = 2,
  Metadata = 3,
  OffsetCommit = 8,
  OffsetFetch = 9,
  FindCoordinator = 10,
  JoinGroup = 11,
  Heartbeat = 12,
  LeaveGroup = 13,
  SyncGroup = 14,
  DescribeGroups = 15,
  ListGroups = 16,
  ApiVersions = 18,
  InitProducerId = 22,
  AddPartitionsToTxn = 24,
  AddOffsetsToTxn = 25,
  EndTxn = 26,
  TxnOffsetCommit = 28,
  ConsumerGroupHeartbeat = 68,
};

struct KafkaRequest {
  uint64_t connection = 0;  // numbered from 0 in the order of opening
  KafkaApi api{};
  int16_t version = 0;
  int32_t correlation_id = 0;
  std::string client_id;
  std::string frame;  // the whole frame, including the four bytes of its size
  std::chrono::system_clock::time_point at;

  // Names of groups, topics and members appear verbatim in the frame.
  bool mentions(std::string_view text) const { return frame.find(text) != std::string::npos; }
};

struct KafkaFault {
  enum class Where { Request, Answer };

  // Delays the request to the broker, or the answer to the client. Later frames on the same connection wait behind it,
  // because a broker answers in order. A request is delivered even if its client has disconnected.
  static KafkaFault delay(Where where, std::chrono::milliseconds by) { return {where, by}; }
  // Delays until the fault is replaced or cleared.
  static KafkaFault hold(Where where) { return delay(where, std::chrono::hours(24)); }
  // Never delivers the frame; later frames are delivered.
  static KafkaFault swallow(Where where) { return {where, std::nullopt}; }
  // Never delivers the frame, and closes the client's connection.
  static KafkaFault cut(Where where) { return {where, std::nullopt, true}; }
  // Closes the client's connection, and delivers the request to the broker later.
  static KafkaFault deliver_late(std::chrono::milliseconds by) { return {Where::Request, by, true}; }
  // Delivers what `change` makes of the whole frame of an answer; it gets the version of the request, too.
  static KafkaFault alter_answer(std::function<std::string(std::string frame, int16_t version)> change) {
    KafkaFault fault{Where::Answer, std::chrono::milliseconds(0)};
    fault.change = std::move(change);
    return fault;
  }
  // Delivers the request twice, one directly behind the other. The client gets one answer.
  static KafkaFault repeat() { return {Where::Request, std::chrono::milliseconds(0), false, true}; }

  Where where = Where::Request;
  std::optional<std::chrono::milliseconds> by{};    // none = drop
  bool cuts = false;                                // closes the client's connection when the frame arrives
  bool twice = false;                               // of requests only
  uint64_t times = 0;                               // number of requests it applies to; 0 = until it is cleared
  std::function<bool(const KafkaRequest&)> only{};  // empty = all requests of the kind; must not call the proxy
  std::function<std::string(std::string, int16_t)> change{};  // of answers; empty = none
};

// An answer to Metadata (version 9 or later) as it is of a broker that knows topics and no broker, not even itself: its
// controller has fenced it. Kafka 4.1 gives this answer while it stops.
std::string without_brokers(std::string metadata_answer, int16_t version);

// Threads: any.
class KafkaProxy {
 public:
  // Listens on `port`, which the broker's listener on `server_port` must advertise, so that clients stay behind the
  // proxy; see KafkaServer::Listener.
  KafkaProxy(uint16_t port, uint16_t server_port);
  ~KafkaProxy();

  // Replaces the fault for `api`. Frames that are delayed by the old fault are delivered at once.
  void set(KafkaApi api, KafkaFault fault);
  void set(const std::vector<KafkaApi>& apis, const KafkaFault& fault);
  void clear(KafkaApi api);
  void clear();

  // All requests of kind `api` so far, including delayed and dropped ones.
  std::vector<KafkaRequest> seen(KafkaApi api) const;
  size_t count(KafkaApi api) const;
  // Waits until `count` requests of the kind were seen. False after `timeout`.
  bool wait_for(KafkaApi api, size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;
  // How many times a fault was applied to `api`.
  size_t faults(KafkaApi api) const;

 private:
  struct Connection;
  struct Waiting;
  class Direction;

  void serve(Fd client, const StopFlag& stop);
  // Records a request and the fault that applies to it.
  void meet(KafkaRequest request, Connection& connection, Waiting& waiting);
  bool still_set(KafkaApi api, uint64_t fault) const;

  struct Set {
    uint64_t number = 0;
    KafkaFault fault;
    uint64_t met = 0;  // number of requests it was applied to
  };
  const uint16_t server_port_;
  mutable std::mutex mutex_;  // guards everything below except the listener
  mutable std::condition_variable changed_;
  std::map<KafkaApi, Set> faults_;
  std::map<KafkaApi, std::vector<KafkaRequest>> seen_;
  std::map<KafkaApi, size_t> applied_;
  uint64_t next_fault_ = 1;
  uint64_t next_connection_ = 0;
  std::unique_ptr<LoopbackServer> listener_;
};

}  // namespace freshet::testkit
