// What the columns of a row may use beside the fields of its message.
#pragma once

#include <cstdint>

#include "model/ids.h"
#include "processors/processors_settings.h"
#include "processors/values/generated_values.h"

namespace freshet::processors {

struct RowContext {
  Partition partition;
  Offset offset;
  const SnubaEnvironment& environment;
  const GeneratedValues& values;
  int64_t timestamp_ms;  // the broker's, of the message
};

// For columns that say where the message comes from.
inline int32_t partition_of(const RowContext& context) { return context.partition.value; }
inline int64_t offset_of(const RowContext& context) { return context.offset.value; }

}  // namespace freshet::processors
