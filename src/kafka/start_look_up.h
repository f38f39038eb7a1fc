// Looks up where partitions start, on its own thread, so that polling continues.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/result.h"
#include "kafka/handles.h"
#include "kafka/kafka_settings.h"
#include "kafka/start_positions.h"
#include "model/ids.h"

namespace freshet::kafka {

// The reason of a lookup.
enum class StartLookUpFor {
  Assignment,  // the answer to a rebalance waits for it
  NoOffset,    // partitions without a valid offset: do they have one now?
  OutOfRange,  // the broker reported that the partitions' positions do not exist
  Plans,       // what the group has committed for partitions that continue
};

// Threads: all calls by the loop. The lookup's thread calls `wake` when take() has a result. `client`, `requests`
// and `settings` must outlive it, or its end().
class StartLookUp {
 public:
  // A lookup for an assignment repeats until everything is known. Other lookups are tried once and may resolve nothing.
  struct Found {
    StartLookUpFor asked_for;
    std::vector<Partition> asked;
    StartPositions::Resolved resolved;
    bool leaders_failed = false;  // nothing is resolved; looking up fewer partitions at a time may succeed
  };
  // An Error reports a temporary problem.
  using LookUpResult = std::variant<Found, Error>;

  StartLookUp(rd_kafka_t* client, GroupRequests& requests, const KafkaSettings& settings, Clock& clock,
              std::function<void()> wake);
  ~StartLookUp() { end(); }
  StartLookUp(const StartLookUp&) = delete;
  StartLookUp& operator=(const StartLookUp&) = delete;

  // Cancels the running lookup and starts this one; there is one at a time. If the system refuses a thread, take()
  // tries again.
  void begin(std::vector<Partition> partitions, StartLookUpFor asked_for);
  bool under_way() const { return under_way_; }
  // Results since the last call, without waiting.
  std::vector<LookUpResult> take();
  // Stops the running lookup and waits for its thread, which ends soon because every lookup can be interrupted.
  void cancel();
  // cancel(), permanently.
  void end();

 private:
  struct Question {
    std::vector<Partition> partitions;
    StartLookUpFor asked_for = StartLookUpFor::Assignment;
    SteadyTime not_before{};
  };
  void start(Question question);
  void resolve(const Question& question, std::stop_token stop);
  void say(const Error& error);

  rd_kafka_t* const client_;
  GroupRequests& requests_;
  const KafkaSettings& settings_;
  Clock& clock_;
  const std::function<void()> wake_;
  Mailbox<LookUpResult> results_{64};
  std::atomic<bool> under_way_{false};
  std::optional<Question> refused_;  // no thread for it yet
  std::jthread thread_;
};

}  // namespace freshet::kafka
