// Finds AWS credentials where AWS's own tools look for them.
#pragma once

#include <stop_token>
#include <string>

#include "aws/credentials.h"
#include "base/result.h"

namespace freshet::aws {

struct CredentialSearch {
  const Environment& environment;
  const std::string& region;  // of the cluster
  // The last credentials came from the files that AWS's tools share. These may be without them while they are written,
  // and the credentials of a later place would be another account's.
  bool profile_had_credentials = false;
};

// Looks at the variables AWS_ACCESS_KEY_ID and so on, the web identity, the shared files, the container endpoint and
// the instance metadata, in this order, and takes the first that is configured, also if it fails. A profile is
// configured if a variable names it or its file, or if its file exists and cannot be read. Everything is read and asked
// anew. Blocks as the functions of endpoints.h, until `stop` is requested. Errors: Retry; if nothing is configured the
// text has every place and why it has no credentials. Fatal: as container_url(). Stopping. Threads: any.
Result<Credentials> find_credentials(const CredentialSearch& search, const std::stop_token& stop);

// AWS_REGION, AWS_DEFAULT_REGION, or that of the profile. Fatal: none of them is set, or it is no region. Retry: the
// profile cannot be read.
Result<std::string> find_region(const Environment& environment);

}  // namespace freshet::aws
