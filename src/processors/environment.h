// Services that processors use.
#pragma once

#include "base/clock.h"
#include "base/metrics.h"
#include "base/snapshot.h"
#include "model/delivery.h"
#include "model/options.h"
#include "model/table_columns.h"

namespace freshet::processors {

// All must outlive the processors.
struct ProcessorEnvironment {
  Clock* clock;
  Metrics* metrics;
  const Snapshot<LiveOptions>* options = nullptr;  // null: the default options
  // With ExactlyOnce, rows and verdicts depend only on the message, the settings and the live options.
  Delivery delivery = Delivery::AtLeastOnce;
  // For rows in the types of the table's columns; null: all rows are JSONEachRow.
  const Snapshot<TableColumns>* table = nullptr;
};

}  // namespace freshet::processors
