// What the look-ups of cluster.h, topic_reader.h and record_deletion.h share.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "kafka/handles.h"
#include "kafka/kafka_settings.h"

namespace freshet::kafka {

int milliseconds_of(Duration duration);  // rounded up

// For requests about topics.
Result<Client> lookup_client(const ConnectionSettings& connection, Log& log);

// Of a topic that has partitions: it is topics[0]. Retry: no broker answered within `timeout`, or the topic does not
// exist (code UNKNOWN_TOPIC_OR_PART).
Result<Metadata> topic_metadata(rd_kafka_t* client, const std::string& topic, Duration timeout);

}  // namespace freshet::kafka
