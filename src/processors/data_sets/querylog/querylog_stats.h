// The `stats` of a query in the querylog: some known fields, and all fields together as text.
#pragma once

#include <cstdint>
#include <string_view>

#include "processors/description/field_values.h"
#include "processors/json/sorted_json.h"

namespace freshet::processors {

struct QuerylogStats {
  bool final = false;
  bool consistent = false;
  uint8_t cache_hit = 0;
  uint8_t max_threads = 0;
  uint8_t is_duplicate = 0;
  float sample = 0;  // infinite if it does not fit a float
  JsonString clickhouse_table{"", true};
  JsonString query_id{"", true};
  std::string_view all = "";  // valid until the reader's next open()
  Kept<SortedJson> copier;
};

// The reader of the field, which must be an object.
bool read_stats(ReadContext& in, QuerylogStats& out);

}  // namespace freshet::processors
