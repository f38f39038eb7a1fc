// The body of POST /release.
#pragma once

#include <string>

#include "base/result.h"
#include "model/released.h"

namespace freshet::admin {

// {"partition": N, "offset": N}, {"partition": N, "resolution": "stored" or "retry"}, or all three. Invalid: the text
// says what is expected.
Result<ReleaseOrder> parse_release_request(const std::string& body);

}  // namespace freshet::admin
