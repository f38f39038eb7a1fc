#include "kafka/reported_errors.h"

#include "kafka/error_table.h"

namespace freshet::kafka {
namespace {

constexpr Duration kReportAgain = std::chrono::minutes(1);

}  // namespace

bool ReportedErrors::is_due(const Error& error, int32_t partition, SteadyTime now) {
  const auto [found, first] = reported_.try_emplace({error.code, partition}, now);
  if (!first && error.kind != ErrorKind::Renew && now - found->second < kReportAgain) return false;
  found->second = now;
  return true;
}

bool ReportedErrors::forget_connections() {
  return std::erase_if(reported_, [](const auto& entry) {
           return is_about_connections(static_cast<rd_kafka_resp_err_t>(entry.first.first));
         }) > 0;
}

}  // namespace freshet::kafka
