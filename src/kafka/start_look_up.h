// Asks where partitions start on a thread of its own, so that polling goes on meanwhile.
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

// Why it is asked.
enum class StartLookUpFor {
  Assignment,  // the answer to a rebalance waits for it
  NoOffset,    // partitions without a valid offset: is there one by now?
  OutOfRange,  // the broker said that the partitions' positions do not exist (any more)
};

// Threads: all calls by the loop. `wake` is called by the look-up's thread when there is something to take().
// `client` and `settings` outlive it, or its end().
class StartLookUp {
 public:
  // An assignment's is looked up until all is known. Any other is tried once: then nothing may be resolved.
  struct Found {
    StartLookUpFor asked_for;
    std::vector<Partition> asked;
    StartPositions::Resolved resolved;
    bool leaders_failed = false;  // nothing is resolved, and fewer partitions at a time may do better
  };
  // An error is trouble on the way.
  using Answer = std::variant<Found, Error>;

  StartLookUp(rd_kafka_t* client, const KafkaSettings& settings, Clock& clock, std::function<void()> wake);
  ~StartLookUp() { end(); }
  StartLookUp(const StartLookUp&) = delete;
  StartLookUp& operator=(const StartLookUp&) = delete;

  // Ends the one that is under way: there is one at a time. Where the system refuses a thread, take() tries again.
  void begin(std::vector<Partition> partitions, StartLookUpFor asked_for);
  bool under_way() const { return under_way_; }
  // What has come since the last call, without waiting.
  std::vector<Answer> take();
  // Stops what is under way and waits for its thread, which ends soon: every look-up is interruptible.
  void cancel();
  // The same for good.
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
  const KafkaSettings& settings_;
  Clock& clock_;
  const std::function<void()> wake_;
  Mailbox<Answer> answers_{64};
  std::atomic<bool> under_way_{false};
  std::optional<Question> refused_;  // no thread for it yet
  std::jthread thread_;
};

}  // namespace freshet::kafka
