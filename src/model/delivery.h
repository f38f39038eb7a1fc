// How often the rows of a message are in the table (docs/delivery.md).
#pragma once

#include <cstdint>

namespace freshet {

enum class Delivery {
  AtLeastOnce,  // rows may be stored again after a failure
  ExactlyOnce,  // each insert is planned in the offset's metadata before it is sent, and repeated with the same token
};

// With ExactlyOnce, at most this many inserts of a partition are unfinished at a time, including those that a new owner
// of the partition repeats. The table has to remember their tokens.
constexpr int32_t kPlannedInsertsPerPartition = 8;

}  // namespace freshet
