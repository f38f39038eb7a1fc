// The topics beside the rows, and the producers of what is written to them.
#pragma once

#include <memory>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "ports/record_producer.h"
#include "settings/settings.h"
#include "stream/stream.h"

namespace freshet::app {

// Every topic that is read or written, each over its own connection.
std::vector<kafka::ProducerSettings> topics_of(const settings::Pipeline& pipeline);

// Opens a producer for each side topic that the pipeline's stream writes, and hands it to the stream, which must not
// run any more when the producers go. Fatal: the text says what to change.
Result<std::vector<std::unique_ptr<RecordProducer>>> open_side_topics(const settings::Pipeline& pipeline,
                                                                      stream::Stream& stream, Log& log,
                                                                      Metrics& metrics);

}  // namespace freshet::app
