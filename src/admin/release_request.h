// The body of POST /release.
#pragma once

#include <string>

#include "base/result.h"
#include "model/ids.h"

namespace freshet::admin {

// "Go on with the partition from the offset."
struct ReleaseRequest {
  Partition partition;
  Offset offset;
};

// Invalid: the text says what is expected.
Result<ReleaseRequest> parse_release_request(const std::string& body);

}  // namespace freshet::admin
