// Where partitions end, asked over a client and connections of its own: what the session's client knows comes with its
// fetches, and looks well on a connection that brings nothing any more.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "kafka/handles.h"
#include "kafka/kafka_settings.h"
#include "kafka/reaper.h"
#include "model/ids.h"

namespace freshet::kafka {

// Threads: one. The client is built when it is first needed and again, with new connections, after each failure.
class EndOffsets {
 public:
  // `settings` is asked whenever a client is built.
  EndOffsets(std::function<KafkaSettings()> settings, Reaper& reaper, Log& log);
  ~EndOffsets();

  // As the isolation level of the settings shows them. Takes two seconds at most; partitions that were not answered are
  // missing. Retry: nothing was answered.
  Result<std::map<Partition, Offset>> look_up(const std::vector<Partition>& partitions);

 private:
  Status open();
  void forget_client();

  const std::function<KafkaSettings()> settings_;
  Reaper& reaper_;
  Log& log_;
  std::string topic_;
  Client client_;
};

}  // namespace freshet::kafka
