// What inserts of the same rows cost a real ClickHouse in different formats.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "testkit/servers.h"

namespace freshet::bench {

struct FormatOptions {
  // JSONEachRow is what the processors write. The engine itself writes the rows in any other format.
  std::vector<std::string> formats = {"JSONEachRow", "Native"};  // the first is what the others are compared with
  uint64_t rows = 20'000;                                        // of a run
  uint64_t insert_rows = 2'000;
  int runs = 3;
};

// Measures web events, and errors, transactions and replays with the drop-in's tables, in turns, and prints a table.
// Throws if a format stores other rows than the first one.
void compare_formats(const testkit::ClickHouseServer& clickhouse, const FormatOptions& options);

}  // namespace freshet::bench
