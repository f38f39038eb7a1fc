// Settings of this module. Plain data.
#pragma once

#include <chrono>

namespace freshet::outcomes {

// Billing quantities of items are summed by bucket and sent to a topic, instead of rows to a table. The topic itself is
// in kafka_settings.h. LiveOptions::max_batch_rows limits the distinct buckets of a batch.
struct OutcomesSettings {
  std::chrono::seconds bucket_interval{60};  // >= 1
};

}  // namespace freshet::outcomes
