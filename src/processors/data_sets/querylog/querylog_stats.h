// The `stats` of a query in the querylog: some known fields, and all fields together as text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "processors/json/json_reader.h"
#include "processors/json/json_tree.h"

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
  std::string_view text;  // all fields as JSON with sorted keys; lives as long as the reader's views
};

// Threads: one.
class QuerylogStatsReader {
 public:
  explicit QuerylogStatsReader(JsonReader& json) : json_(json) {}

  // Reads the next value, which must be an object. False: the reader has the error.
  bool read(QuerylogStats& out);

 private:
  // A value and its text.
  struct Value {
    JsonKind kind = JsonKind::Null;
    bool flag = false;
    JsonNumber number;
    JsonString string;
    std::string_view json = "null";
  };
  struct Member {
    JsonString name;
    std::string_view json;
  };
  bool read_value(Value& out);
  bool read_string(Value& out);
  bool read_number(Value& out);
  bool read_tree(Value& out);
  bool take_known(int field, const Value& value, QuerylogStats& out);
  bool take_flag(const Value& value, bool& out);
  bool take_small(const Value& value, uint8_t& out);
  bool take_text(const Value& value, JsonString& out);
  void add_missing(bool final, bool sample, bool clickhouse_table, bool query_id);
  std::string_view keep(std::string_view text);
  std::string_view write_text();

  JsonReader& json_;
  JsonTree tree_;
  std::vector<Member> members_;
  std::string text_;
};

}  // namespace freshet::processors
