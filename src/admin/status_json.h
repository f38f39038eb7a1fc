// The body of /status.
#pragma once

#include <string>

#include "admin/health.h"
#include "model/options.h"
#include "model/renewal.h"
#include "model/status.h"

namespace freshet::admin {

// `kafka_client`: the client library's version. Holds no secret: statuses carry none.
std::string status_json(const StreamStatus& status, const SessionStatus& session, const LiveOptions& options,
                        const Answer& health, const Answer& ready, const std::string& version,
                        const std::string& kafka_client);

// The body of GET /renew.
std::string renewal_json(const RenewalReport& report);

}  // namespace freshet::admin
