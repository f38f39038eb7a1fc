// Where an insert had come to when it failed, and whether its size was the reason: read from the server's words.
#pragma once

#include <string_view>

#include "clickhouse/response.h"

namespace freshet::clickhouse {

// Threads: any.

// Nothing of the insert is stored: the server refused it as a whole, or failed while it read the rows, and an insert of
// ours is one block.
bool stored_nothing(const ServerError& error);

enum class SizeLimit {
  None,
  Insert,  // of one insert: a smaller one is taken
  Moment,  // memory or time that others use, too: the same insert may be taken later, a smaller one sooner
};
SizeLimit size_limit(const ServerError& error);

// For an operator; static storage.
std::string_view size_advice(const ServerError& error);

}  // namespace freshet::clickhouse
