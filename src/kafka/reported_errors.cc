#include "kafka/reported_errors.h"

#include "kafka/error_table.h"

namespace freshet::kafka {

bool ReportedErrors::is_due(const Error& error, int32_t partition, SteadyTime now) {
  if (error.kind == ErrorKind::Renew) reported_.resolve({error.code, partition});
  return reported_.admit({error.code, partition}, now).has_value();
}

bool ReportedErrors::clear_connections() {
  return reported_.resolve_if([](const auto& code_and_partition) {
    return is_about_connections(static_cast<rd_kafka_resp_err_t>(code_and_partition.first));
  });
}

}  // namespace freshet::kafka
