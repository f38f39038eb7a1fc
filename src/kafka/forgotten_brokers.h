// A client that has forgotten all its brokers.
#pragma once

#include <librdkafka/rdkafka.h>

#include "base/log.h"

namespace freshet::kafka {

// librdkafka from 2.10 on drops the brokers that a metadata response does not name, the bootstrap servers included. A
// broker that stops, or has just started, may name topics and no broker at all: the controller has fenced it. The
// client then has nobody to ask, and may never connect again (librdkafka's issue 5301, open in 2.15.1). A healthy
// client has at least its bootstrap servers, so its statistics tell.
//
// Adds the configured bootstrap servers again, and logs that. Does not wait. Threads: any.
void add_bootstrap_servers(rd_kafka_t* client, Log& log);

}  // namespace freshet::kafka
