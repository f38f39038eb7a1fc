// What a pipeline's stream is made of: processor, schema, and where rows go.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/secret_mask.h"
#include "base/snapshot.h"
#include "model/options.h"
#include "outcomes/outcomes_writer.h"
#include "ports/record_producer.h"
#include "settings/settings.h"
#include "stream/stream.h"

namespace freshet::app {

// What a stream's dependencies borrow; all of it outlives the stream.
struct StreamContext {
  const settings::Pipeline& pipeline;
  Clock& clock;
  Log& log;
  Metrics& metrics;
  const Snapshot<LiveOptions>& options;
  SecretMask* secrets = nullptr;  // gets each password that is read later; may be null
};

// Of an accepted-outcomes consumer: the topic it writes, and the results of its producer.
struct OutcomesTopic {
  outcomes::OutcomeResults results;
  std::unique_ptr<RecordProducer> producer;  // gone before `results`
};

// Fatal: the text says what to change.
Result<stream::StreamDependencies> stream_dependencies(const StreamContext& context, OutcomesTopic& outcomes);

}  // namespace freshet::app
