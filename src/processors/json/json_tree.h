// A JSON value as a tree, for parts of a message that cannot be read field by field.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "processors/json/json_reader.h"

namespace freshet::processors {

struct JsonNode {
  JsonKind kind = JsonKind::Null;
  bool bool_value = false;
  JsonNumber number;
  JsonString string;
  JsonString key;                   // of a member of an object
  const JsonNode* child = nullptr;  // first element or member
  const JsonNode* next = nullptr;   // sibling
};

// Reuses its memory. Nodes are valid until clear(), their texts until the reader's next open(). Threads: one.
class JsonTree {
 public:
  void clear() { used_ = 0; }
  // Parses the next value completely (docs/snuba-data-sets.md, 2); null after an error.
  const JsonNode* read(JsonReader& json);

  // The last member with that name; null if there is none or `node` is not an object.
  static const JsonNode* find(const JsonNode& node, std::string_view name);

 private:
  static constexpr size_t kBlock = 256;
  JsonNode* add();
  bool read_into(JsonReader& json, JsonNode& node);

  std::vector<std::unique_ptr<JsonNode[]>> blocks_;
  size_t used_ = 0;
};

// Appends the value as compact JSON. At every level, sorts keys by their bytes and keeps the last of duplicate keys.
void append_sorted_json(const JsonNode& node, std::string& out);
// A number as text: integers in full, doubles as write_f64() writes them.
void append_number(const JsonNumber& number, std::string& out);

}  // namespace freshet::processors
