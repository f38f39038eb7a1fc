// SideTopic over a producer of its own: commit log, replacements, accounts.
#pragma once

#include <memory>
#include <string_view>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "kafka/kafka_settings.h"
#include "ports/side_topic.h"

namespace freshet::kafka {

// `what` is for messages and metrics: "commit log". `on_result` is called by the producer's thread. Fatal: the library
// refuses the configuration.
Result<std::unique_ptr<SideTopic>> open_side_topic(const ProducerSettings& settings, std::string_view what,
                                                   SideTopic::OnResult on_result, Log& log, Metrics& metrics);

}  // namespace freshet::kafka
