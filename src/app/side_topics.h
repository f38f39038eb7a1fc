// The topics that are written besides the rows, and their producers.
#pragma once

#include <memory>
#include <vector>

#include "app/telemetry_stack.h"
#include "base/result.h"
#include "ports/record_producer.h"
#include "settings/settings.h"
#include "stream/stream.h"

namespace freshet::app {

// Every topic that is read or written, with its connection.
std::vector<kafka::ProducerSettings> topics_of(const settings::Pipeline& pipeline);

// Opens a producer for each side topic of the pipeline and passes it to the stream. The stream must have stopped before
// the producers are destroyed. Fatal: the text says what to change.
Result<std::vector<std::unique_ptr<RecordProducer>>> open_side_topics(const settings::Pipeline& pipeline,
                                                                      stream::Stream& stream,
                                                                      TelemetryStack& telemetry);

}  // namespace freshet::app
