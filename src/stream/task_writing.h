// What a writer does with a task: batches of at-least-once delivery are written as a whole, planned inserts one by one.
#pragma once

#include "base/clock.h"
#include "ports/row_writer.h"
#include "stream/batch_task.h"
#include "stream/insert_limit.h"
#include "stream/rejection_memory.h"

namespace freshet::stream {

// Shared by the writers of a stream.
struct WritersShare {
  RejectionMemory& memory;
  InsertLimit& limit;
  Clock& clock;
};

// Threads: the writer's. See BatchWriting::write() and PlannedWriting::write().
BatchResult write_task(RowWriter& writer, const WritersShare& share, BatchTask task, const WriteControl& control);

}  // namespace freshet::stream
