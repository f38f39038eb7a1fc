// Hands a record to the library.
#pragma once

#include <optional>
#include <string>

#include "kafka/handles.h"
#include "model/ids.h"
#include "ports/record_producer.h"

namespace freshet::kafka {

// Copies the record. `partition` nullopt: by the key. `opaque` comes back with the delivery report. Null: accepted.
LibraryError produce_call(rd_kafka_t* client, const std::string& topic, std::optional<Partition> partition,
                          const ProducerRecordView& record, void* opaque);

}  // namespace freshet::kafka
