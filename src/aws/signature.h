// Signature Version 4 of AWS, in the query string of a URL.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "aws/credentials.h"

namespace freshet::aws {

struct PresignedRequest {
  std::string host;
  std::string path = "/";  // as in the URL
  std::string region;
  std::string service;                       // as in the signature's scope
  std::map<std::string, std::string> query;  // not escaped
  std::chrono::seconds valid_for{900};
};

// The https URL of a GET request without a body that `credentials` allow for `valid_for` from `now`, which is rounded
// to seconds. It is a secret. Threads: any.
std::string presigned_url(const PresignedRequest& request, const Credentials& credentials, SystemTime now);

}  // namespace freshet::aws
