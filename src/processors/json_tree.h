// A JSON value kept as a whole, for the parts of a message that cannot be read field by field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "processors/json_reader.h"

namespace freshet::processors {

struct JsonNode {
  JsonKind kind = JsonKind::Null;
  bool bool_value = false;
  JsonNumber number;
  JsonString string;
  JsonString key;                   // of an object's member
  const JsonNode* child = nullptr;  // first element or member
  const JsonNode* next = nullptr;   // sibling
};

// Keeps its memory from message to message. Nodes live until clear(), their texts until the reader's next open().
// Threads: one.
class JsonTree {
 public:
  void clear() { used_ = 0; }
  // Reads the value at the reader, all of it a parsed region (common 3.2); null after an error.
  const JsonNode* read(JsonReader& json);

  // The last member of that name; null when there is none or `node` is no object.
  static const JsonNode* find(const JsonNode& node, std::string_view name);

 private:
  static constexpr size_t kBlock = 256;
  JsonNode* add();
  bool read_into(JsonReader& json, JsonNode& node);

  std::vector<std::unique_ptr<JsonNode[]>> blocks_;
  size_t used_ = 0;
};

// Appends the value as compact JSON, keys sorted by their bytes at every level, duplicates collapsed to the last
// (common 4.3).
void append_sorted_json(const JsonNode& node, std::string& out);
// A number as text: integers in full, doubles as in 4.1.
void append_number(const JsonNumber& number, std::string& out);

}  // namespace freshet::processors
