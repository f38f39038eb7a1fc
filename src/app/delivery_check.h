// Whether a pipeline's repeated inserts are stored once, and whether Kafka keeps its committed offsets.
#pragma once

#include <stop_token>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/secret_mask.h"
#include "clickhouse/delivery_audit.h"
#include "settings/settings.h"

namespace freshet::app {

// clickhouse::audit_delivery() for the pipeline's table, topic and timeouts. It adds a Warning for each property of the
// topic of committed offsets with which acknowledged commits may be lost. `rates`: see there. Threads: any.
// Errors: Retry if a server does not answer, or the table or the topic does not exist. Stopping if `stop` was
// requested.
Result<clickhouse::DeliveryAudit> check_delivery(const settings::Pipeline& pipeline, Clock& clock, Duration timeout,
                                                 const std::stop_token& stop, Log& log, SecretMask* secrets = nullptr,
                                                 clickhouse::PartsRate* rates = nullptr);

}  // namespace freshet::app
