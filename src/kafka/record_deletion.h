// Deletes the beginning of partitions (Kafka's DeleteRecords).
#pragma once

#include <map>
#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kafka/kafka_settings.h"
#include "model/ids.h"

namespace freshet::kafka {

// Deletes what is before these offsets. The topic's cleanup.policy must contain `delete`. An error names the partition;
// other partitions may have been changed.
Status delete_records(const ConnectionSettings& connection, const std::string& topic,
                      const std::map<Partition, Offset>& before, Duration timeout, Log& log);

}  // namespace freshet::kafka
