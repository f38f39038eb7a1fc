// The next Kafka consumer, prepared while the running one still consumes.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "kafka/kafka_source.h"
#include "ports/successor.h"

namespace freshet::kafka {

// `old`: the running consumer's membership. `on_change` wakes the loop; the successor's thread calls it when the state
// changes. Retry: too many old clients are still closing. Fatal: the library refuses the configuration. Any other
// error: this attempt failed, a later one may succeed.
Result<std::unique_ptr<Successor>> open_successor(const KafkaSettings& settings, const ConsumerContext& context,
                                                  const Membership& old, std::function<void()> on_change);

}  // namespace freshet::kafka
