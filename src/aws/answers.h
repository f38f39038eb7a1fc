// What AWS's endpoints answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "base/result.h"

namespace freshet::aws {

// Credentials in the JSON of the container endpoint, of the instance metadata (Token), or of a credential_process
// (SessionToken). ErrorKind::Retry: there are none; the text is a predicate, with the reason that the answer gives:
// "has no credentials: ...". Leaves Credentials::source empty. Threads: any.
Result<Credentials> credentials_in_json(std::string_view text);

// The same for the XML of the Security Token Service.
Result<Credentials> credentials_in_xml(std::string_view text);

// 2026-11-30T17:00:00Z, also with a fraction or an offset; empty: another form.
std::optional<SystemTime> time_in(std::string_view text);

}  // namespace freshet::aws
