// The next Kafka session, made ready while the running one still consumes.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "kafka/kafka_source.h"
#include "ports/successor.h"

namespace freshet::kafka {

// `old`: the running session. `on_change` wakes the loop; called by the successor's thread when the state changes.
// Retry: too many clients of past sessions are still parked. Fatal: the library refuses the configuration. Any other
// error: this attempt fails, a later one may not.
Result<std::unique_ptr<Successor>> open_successor(const KafkaSettings& settings, const SessionContext& context,
                                                  const Membership& old, std::function<void()> on_change);

}  // namespace freshet::kafka
