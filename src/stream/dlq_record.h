// The Kafka record of a dead letter: key, value and headers of the source message, and headers that say where it came
// from.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "model/dead_letter_record.h"
#include "ports/record_producer.h"
#include "stream/stream_settings.h"

namespace freshet::stream {

// Passes the record to the producer, with the headers of `settings.dlq_headers` after its own.
Status produce_dead_letter(RecordProducer& producer, const DeadLetterRecord& record, const StreamSettings& settings,
                           uint64_t ticket);

}  // namespace freshet::stream
