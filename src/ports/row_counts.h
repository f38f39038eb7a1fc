// What is needed to count the rows that a table has of the messages of an insert.
#pragma once

#include <cstdint>
#include <vector>

#include "model/ids.h"

namespace freshet {

struct MessageRowCount {
  Offset offset;
  uint64_t rows = 0;  // that the insert has of the message; above 0
};

// The messages of an insert, all of one partition.
struct InsertMessages {
  Partition partition;
  std::vector<MessageRowCount> messages;  // ascending
};

}  // namespace freshet
