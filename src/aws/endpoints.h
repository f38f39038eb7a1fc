// Credentials from the endpoints that AWS gives to its machines and containers.
#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "aws/credentials.h"
#include "base/result.h"

namespace freshet::aws {

// The functions block, at most a few seconds for each request and until `stop` is requested. Errors: Retry, the text
// names the endpoint; Stopping. Threads: any.

// The URL of the container endpoint (ECS, EKS Pod Identity); empty: no variable names one. Fatal: freshet does not send
// its token there, as AWS's own tools do not.
Result<std::optional<std::string>> container_url(const Environment& environment);
Result<Credentials> container_credentials(const std::string& url, const Environment& environment,
                                          const std::stop_token& stop);

// The endpoint of the instance metadata (IMDSv2); empty: switched off by a variable.
std::optional<std::string> metadata_url(const Environment& environment);
Result<Credentials> metadata_credentials(const std::string& url, const std::stop_token& stop);

// The Security Token Service of AWS_ENDPOINT_URL_STS, of AWS_REGION or AWS_DEFAULT_REGION, or of the cluster's region.
std::string token_service_url(const Environment& environment, const std::string& cluster_region);
// Exchanges the token of AWS_WEB_IDENTITY_TOKEN_FILE there.
Result<Credentials> web_identity_credentials(const Environment& environment, const std::string& cluster_region,
                                             const std::stop_token& stop);

}  // namespace freshet::aws
