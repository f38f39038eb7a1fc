// Suggests a table for rows: the statement that creates it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "clickhouse/type_inference.h"
#include "model/table_name.h"

namespace freshet::clickhouse {

struct SuggestedColumn {
  std::string name;
  InferredType type;
  uint64_t missing = 0;  // rows without the field
  uint64_t nulls = 0;
};

struct TableSuggestion {
  std::string statement;  // CREATE TABLE, with comments and a semicolon
  std::vector<SuggestedColumn> columns;
  uint64_t rows = 0;
};

struct SuggestionOptions {
  TableName table;
  std::string source;  // for the comment: "1000 messages of the topic events"
  bool replicated = false;
  // Types of columns that freshet itself fills, by their names.
  std::map<std::string, InferredType> known = {};
};

// Threads: one. Keeps at most kMostColumns columns.
class TableSuggester {
 public:
  static constexpr size_t kMostColumns = 1000;

  // `row`: a JSON object; anything else is ignored.
  void add(std::string_view row);
  TableSuggestion suggest(const SuggestionOptions& options) const;

 private:
  struct Field {
    std::string name;
    TypeInference values;
  };

  uint64_t rows_ = 0;
  uint64_t nameless_ = 0;      // rows with a field whose name is empty
  uint64_t surplus_ = 0;       // rows with a field beyond kMostColumns
  std::vector<Field> fields_;  // in the order in which they were seen first
  std::map<std::string, size_t, std::less<>> by_name_;
};

}  // namespace freshet::clickhouse
