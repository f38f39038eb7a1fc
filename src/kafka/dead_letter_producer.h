// DeadLetters over a producer of its own: a dead letter counts only once all in-sync replicas have it.
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "kafka/kafka_settings.h"
#include "ports/dead_letters.h"

namespace freshet::kafka {

// A letter goes out with its key, value and headers, and after them `original_topic`, `original_partition`,
// `original_offset`, `original_timestamp`, `reason` and `consumer_group`; with LetterHeaders::Place only
// `original_partition` and `original_offset` (contract 9.1). `on_result` is called by the producer's thread. Fatal: the
// library refuses the configuration.
Result<std::unique_ptr<DeadLetters>> open_dead_letters(const KafkaSettings& settings, DeadLetters::OnResult on_result,
                                                       Log& log, Metrics& metrics);

}  // namespace freshet::kafka
