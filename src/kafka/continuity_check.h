// Asks on a thread of its own whether the broker keeps our static membership.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/mailbox.h"
#include "kafka/handles.h"

namespace freshet::kafka {

// Threads: all calls by the loop. `wake` is called by the thread when there is something to take(). The client outlives
// it, or its end().
class ContinuityCheck {
 public:
  struct Answer {
    uint64_t membership;  // as begin() was told
    bool known;           // the broker shows a member with our instance id
  };

  ContinuityCheck(rd_kafka_t* client, std::string group, std::string instance_id, Clock& clock,
                  std::function<void()> wake)
      : client_(client),
        group_(std::move(group)),
        instance_id_(std::move(instance_id)),
        clock_(clock),
        wake_(std::move(wake)) {}
  ~ContinuityCheck() { end(); }
  ContinuityCheck(const ContinuityCheck&) = delete;
  ContinuityCheck& operator=(const ContinuityCheck&) = delete;

  // Nothing while one is under way. `membership` comes back with the answer: "not shown" says something of the broker
  // only if we were a member all the time that it took.
  void begin(uint64_t membership);
  // The answer, once; none may come (see broker_knows()).
  std::optional<Answer> take();
  void end();

 private:
  rd_kafka_t* const client_;
  const std::string group_;
  const std::string instance_id_;
  Clock& clock_;
  const std::function<void()> wake_;
  Mailbox<Answer> answers_{4};
  std::atomic<bool> under_way_{false};
  std::jthread thread_;
};

}  // namespace freshet::kafka
