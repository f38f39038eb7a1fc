// What this module needs to know; filled by settings. Plain data.
#pragma once

#include <chrono>

namespace freshet::outcomes {

// What items say of billing, counted by bucket, goes to a topic instead of rows to a table. The topic itself is in
// kafka_settings.h. LiveOptions::max_batch_rows limits the distinct buckets of a batch.
struct OutcomesSettings {
  std::chrono::seconds bucket_interval{60};  // >= 1
};

}  // namespace freshet::outcomes
