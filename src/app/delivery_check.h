// Whether a pipeline's repeated inserts are stored once, and whether Kafka keeps its committed offsets.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "clickhouse/delivery_audit.h"
#include "secrets/secret_store.h"
#include "settings/settings.h"

namespace freshet::app {

// clickhouse::audit_delivery() for the pipeline's table, topic and timeouts. Threads: one at a time.
class DeliveryCheck {
 public:
  // Audits the table as its inserts would be sent with `delivery`. `secrets` may be null; it gets passwords that are
  // read again later. The references must outlive the object.
  DeliveryCheck(const settings::Pipeline& pipeline, Delivery delivery, Clock& clock, Log& log,
                secrets::SecretStore* secrets);

  // Adds a Warning for each property of the topic of committed offsets with which acknowledged commits may be lost.
  // Looks at Kafka's topics every ten minutes. A topic that does not exist yet counts as one partition.
  // `timeout`: of ClickHouse. Errors: as clickhouse::audit_delivery(), and Retry if Kafka does not answer and the table
  // is suitable otherwise.
  Result<clickhouse::DeliveryAudit> audit(Duration timeout, const std::stop_token& stop);

 private:
  Status look_at_topics();

  const settings::Pipeline& pipeline_;
  clickhouse::ClickHouseSettings clickhouse_;
  Clock& clock_;
  Log& log_;
  secrets::SecretStore* const secrets_;
  clickhouse::PartsRate rates_;
  clickhouse::DeliveryNeeds needs_;
  std::vector<clickhouse::Finding> of_kafka_;
  std::optional<SteadyTime> looked_at_;
};

}  // namespace freshet::app
