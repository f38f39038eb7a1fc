// The Source over librdkafka's event queue: one consumer client, one session.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "kafka/kafka_settings.h"
#include "kafka/reaper.h"
#include "ports/source.h"

namespace freshet::kafka {

// Builds the client and subscribes; brokers that are down and a topic that is missing are waited for and reported
// through SourceFault. Fatal: the library refuses the configuration. The source's destructor never waits for the
// network: the client goes to the reaper.
Result<std::unique_ptr<Source>> open_source(const KafkaSettings& settings, Clock& clock, Log& log, Metrics& metrics,
                                            Reaper& reaper);

}  // namespace freshet::kafka
