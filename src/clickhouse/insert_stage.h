// Reads from the server's error text how far a failed insert got and whether its size was the cause. Threads: any.
#pragma once

#include <string_view>

#include "clickhouse/response.h"

namespace freshet::clickhouse {

// True if no row of the insert is stored: the server rejected the insert as a whole or failed while it read the rows.
// Requires that the insert is one block, as freshet's are.
bool stored_nothing(const ServerError& error);

enum class SizeLimit {
  None,
  Insert,  // a limit per insert: a smaller one may succeed
  Moment,  // shared memory or time ran out: the same insert may succeed later, a smaller one sooner
};
SizeLimit size_limit(const ServerError& error);

// Advice for the operator. Static storage.
std::string_view size_advice(const ServerError& error);

}  // namespace freshet::clickhouse
