// How far a failed insert had come, and if its size was the cause: read from the server's error text.
#pragma once

#include <string_view>

#include "clickhouse/response.h"

namespace freshet::clickhouse {

// Threads: any.

// Nothing of the insert is stored: the server refused it as a whole, or failed while it read the rows; freshet's
// inserts are one block.
bool stored_nothing(const ServerError& error);

enum class SizeLimit {
  None,
  Insert,  // of one insert: a smaller one may succeed
  Moment,  // memory or time that others share: the same insert may succeed later, a smaller one sooner
};
SizeLimit size_limit(const ServerError& error);

// For operators; static storage.
std::string_view size_advice(const ServerError& error);

}  // namespace freshet::clickhouse
