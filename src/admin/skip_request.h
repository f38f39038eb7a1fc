// The body of POST /skip.
#pragma once

#include <string>

#include "base/result.h"
#include "model/skip.h"

namespace freshet::admin {

// Parses {"partition": N, "offset": N}, {"partition": N, "resolution": "stored" or "retry"}, or an object with all
// three fields. Errors: Invalid; the text says what is expected.
Result<SkipOrder> parse_skip_request(const std::string& body);

}  // namespace freshet::admin
