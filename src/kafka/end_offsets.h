// End offsets of partitions, queried over connections of a separate client. The consumer's cached watermarks come with
// its fetches and go stale on a hung connection.
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

// Threads: one. The client is created on first use, and replaced by one with new connections after each failure.
class EndOffsets {
 public:
  // `settings` is called each time a client is created.
  EndOffsets(std::function<KafkaSettings()> settings, Reaper& reaper, Log& log);
  ~EndOffsets();

  // At the isolation level of the settings. Takes at most two seconds. Partitions that were not answered are missing.
  // Retry: none was answered.
  Result<std::map<Partition, Offset>> look_up(const std::vector<Partition>& partitions);

 private:
  Status open();
  void drop_client();

  const std::function<KafkaSettings()> settings_;
  Reaper& reaper_;
  Log& log_;
  std::string topic_;
  Client client_;
};

}  // namespace freshet::kafka
