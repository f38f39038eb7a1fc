// Options of the processors; filled by settings. Plain data.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace freshet::processors {

// The generic JSON processor. An empty column name leaves the column out.
struct JsonSettings {
  std::string topic_column;
  std::string partition_column;
  std::string offset_column;
  std::string timestamp_column;  // broker timestamp, "YYYY-MM-DD hh:mm:ss.mmm" UTC
  std::string key_column;
  std::map<std::string, std::string> header_columns;  // header name -> column
  std::map<std::string, std::string> fields;          // top-level field -> column; empty = all, as they are
  std::vector<std::string> required_fields;           // top-level fields that must be there and not null
};

struct ProcessorsSettings {
  std::string processor = "json";
  JsonSettings json;
};

}  // namespace freshet::processors
