// Finds AWS credentials where AWS's own tools look for them.
#pragma once

#include <stop_token>
#include <string>

#include "aws/credentials.h"
#include "base/result.h"

namespace freshet::aws {

// Looks at the variables AWS_ACCESS_KEY_ID and so on, the web identity, the shared files, the container endpoint and
// the instance metadata, in this order, and takes the first that is configured, also if it fails. Everything is read
// and asked anew. Blocks as the functions of endpoints.h, until `stop` is requested. Errors: Retry; if nothing is
// configured the text has every place and why it has no credentials. Stopping. Threads: any.
Result<Credentials> find_credentials(const Environment& environment, const std::string& region,
                                     const std::stop_token& stop);

// AWS_REGION, AWS_DEFAULT_REGION, or that of the profile. Fatal: none of them is set.
Result<std::string> find_region(const Environment& environment);

}  // namespace freshet::aws
