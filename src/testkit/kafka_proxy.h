// Stands between clients and one Kafka broker on loopback, knows where requests and answers begin and end, and delays
// or swallows those of chosen kinds.
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
#include <vector>

#include "testkit/socket.h"

namespace freshet::testkit {

// The key of a request, as Kafka's protocol numbers them; any other int16 may be cast.
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
  uint64_t connection = 0;  // numbered from 0 in the order in which they were opened
  KafkaApi api{};
  int16_t version = 0;
  int32_t correlation_id = 0;
  std::string client_id;
  std::string frame;  // all of it, with the four bytes of its size
  std::chrono::system_clock::time_point at;

  // Names of groups, topics and members stand in the frame as they are.
  bool mentions(std::string_view text) const { return frame.find(text) != std::string::npos; }
};

struct KafkaFault {
  enum class Where { Request, Answer };

  // The broker gets the request, or the client its answer, that much later. What follows on the same connection waits
  // behind it, as a broker answers in order. A request is delivered also when its client is gone by then.
  static KafkaFault delay(Where where, std::chrono::milliseconds by) { return {where, by, 0, {}}; }
  // Until the fault is replaced or cleared.
  static KafkaFault hold(Where where) { return delay(where, std::chrono::hours(24)); }
  // Never delivered; what follows is.
  static KafkaFault swallow(Where where) { return {where, std::nullopt, 0, {}}; }

  Where where = Where::Request;
  std::optional<std::chrono::milliseconds> by;    // none: swallowed
  uint64_t times = 0;                             // after that many requests it is over; 0 = until it is cleared
  std::function<bool(const KafkaRequest&)> only;  // empty: all of the kind; must not call the proxy
};

// Threads: any.
class KafkaProxy {
 public:
  // Listens on `port`, which the broker's listener on `server_port` advertises as its own, so that clients stay behind
  // the proxy: see KafkaServer::Listener.
  KafkaProxy(uint16_t port, uint16_t server_port);
  ~KafkaProxy();

  // From now on, in place of what was set for `api`. What waits for the old fault goes on at once.
  void set(KafkaApi api, KafkaFault fault);
  void set(const std::vector<KafkaApi>& apis, const KafkaFault& fault);
  void clear(KafkaApi api);
  void clear();

  // Requests that came from clients so far (of kind `api`), those that were delayed or swallowed too.
  std::vector<KafkaRequest> seen(KafkaApi api) const;
  size_t count(KafkaApi api) const;
  // False after `timeout`.
  bool wait_for(KafkaApi api, size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(60)) const;
  // How often a fault was applied to `api`.
  size_t faults(KafkaApi api) const;

 private:
  struct Connection;
  struct Waiting;
  class Direction;

  void serve(Fd client, const StopFlag& stop);
  // What becomes of a request: it is remembered, and the fault that it meets is noted.
  void meet(KafkaRequest request, Connection& connection, Waiting& waiting);
  bool still_set(KafkaApi api, uint64_t fault) const;

  struct Set {
    uint64_t number = 0;
    KafkaFault fault;
    uint64_t met = 0;  // requests that it was applied to
  };
  const uint16_t server_port_;
  mutable std::mutex mutex_;  // guards all of the following but the listener
  mutable std::condition_variable changed_;
  std::map<KafkaApi, Set> faults_;
  std::map<KafkaApi, std::vector<KafkaRequest>> seen_;
  std::map<KafkaApi, size_t> applied_;
  uint64_t next_fault_ = 1;
  uint64_t next_connection_ = 0;
  std::unique_ptr<LoopbackServer> listener_;
};

}  // namespace freshet::testkit
