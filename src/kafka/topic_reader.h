// Reads a part of a topic once, outside of any group: for samples, and for the commands about dead letters.
#pragma once

#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kafka/client_config.h"
#include "kafka/cluster.h"
#include "kafka/handles.h"
#include "kafka/kafka_settings.h"
#include "model/ids.h"

namespace freshet::kafka {

SampledMessage copy_of(const rd_kafka_message_t& record);

// Commits nothing, and reads committed messages only. Threads: one.
class TopicReader {
 public:
  // The messages from `begin` to before `end`.
  struct Range {
    Offset begin;
    Offset end;
  };
  using Ranges = std::map<Partition, Range>;

  // `timeout`: of each request, and of a wait for the next message. Retry: as topic_metadata() in lookup.h.
  static Result<TopicReader> open(const ConnectionSettings& connection, const std::string& topic, Duration timeout,
                                  ReadAhead ahead, Clock& clock, Log& log);

  // The partitions that have messages now. Retry: a leader did not answer.
  Result<Ranges> ranges();
  // Calls `take` with each message of the ranges, in order within a partition, until it returns false. Retry: no
  // message came within the timeout, although some are left. Stopping: `stop` was requested.
  Status read(const Ranges& ranges, const std::stop_token& stop,
              const std::function<bool(const rd_kafka_message_t&)>& take);

 private:
  TopicReader(Client client, std::string topic, int32_t partitions, Duration timeout, Clock& clock)
      : client_(std::move(client)),
        topic_(std::move(topic)),
        partitions_(partitions),
        timeout_(timeout),
        clock_(clock) {}

  Client client_;
  std::string topic_;
  int32_t partitions_;
  Duration timeout_;
  Clock& clock_;
};

}  // namespace freshet::kafka
