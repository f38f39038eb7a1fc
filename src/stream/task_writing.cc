#include "stream/task_writing.h"

#include <utility>

#include "stream/batch_writing.h"
#include "stream/planned_writing.h"

namespace freshet::stream {

// A new instance per task: it keeps the rows alive.
BatchResult write_task(RowWriter& writer, const WritersShare& share, BatchTask task, const WriteControl& control) {
  if (!task.planned_token.empty()) {
    return PlannedWriting(writer, share.memory, share.limit, share.clock, std::move(task)).write(control);
  }
  return BatchWriting(writer, share.memory, share.limit, share.clock).write(std::move(task), control);
}

}  // namespace freshet::stream
