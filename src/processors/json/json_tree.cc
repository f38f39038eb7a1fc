#include "processors/json/json_tree.h"

#include <algorithm>
#include <array>

#include "processors/json/json_number.h"
#include "processors/json/json_text.h"

namespace freshet::processors {

JsonNode* JsonTree::add() {
  if (used_ == blocks_.size() * kBlock) blocks_.push_back(std::make_unique<JsonNode[]>(kBlock));
  JsonNode* node = &blocks_[used_ / kBlock][used_ % kBlock];
  ++used_;
  *node = JsonNode();
  return node;
}

const JsonNode* JsonTree::read(JsonReader& json) {
  JsonNode* node = add();
  return read_into(json, *node) ? node : nullptr;
}

bool JsonTree::read_into(JsonReader& json, JsonNode& node) {
  node.kind = json.peek();
  const JsonNode** last = &node.child;
  const auto append = [&](const JsonString& key) {
    JsonNode* child = add();
    child->key = key;
    *last = child;
    last = &child->next;
    return read_into(json, *child);
  };
  switch (node.kind) {
    case JsonKind::Null:
      return json.read_null();
    case JsonKind::Bool:
      return json.read_bool(node.bool_value);
    case JsonKind::Number:
      return json.read_number(node.number);
    case JsonKind::String:
      return json.read_string(node.string);
    case JsonKind::Array:
      for (json.enter_array(); json.next_element();) {
        if (!append({})) return false;
      }
      return !json.failed();
    case JsonKind::Object: {
      JsonString key;
      for (json.enter_object(); json.next_key(key);) {
        if (!append(key)) return false;
      }
      return !json.failed();
    }
    case JsonKind::Nothing:
      break;
  }
  return json.fail("expected a value");
}

const JsonNode* JsonTree::find(const JsonNode& node, std::string_view name) {
  const JsonNode* found = nullptr;
  if (node.kind != JsonKind::Object) return found;
  for (const JsonNode* member = node.child; member != nullptr; member = member->next) {
    if (member->key.view == name) found = member;
  }
  return found;
}

void append_number(const JsonNumber& number, std::string& out) {
  std::array<char, kNumberRoom> text;
  char* const end = write_number(number, text.data());
  out.append(text.data(), end);
}

namespace {

void append_object(const JsonNode& node, std::string& out) {
  std::vector<const JsonNode*> members;
  for (const JsonNode* member = node.child; member != nullptr; member = member->next) members.push_back(member);
  std::stable_sort(members.begin(), members.end(),
                   [](const JsonNode* a, const JsonNode* b) { return a->key.view < b->key.view; });
  out += '{';
  bool first = true;
  for (size_t i = 0; i < members.size(); ++i) {
    if (i + 1 < members.size() && members[i + 1]->key.view == members[i]->key.view) continue;
    if (!first) out += ',';
    first = false;
    append_json_string(members[i]->key, out);
    out += ':';
    append_sorted_json(*members[i], out);
  }
  out += '}';
}

}  // namespace

void append_sorted_json(const JsonNode& node, std::string& out) {
  switch (node.kind) {
    case JsonKind::Null:
    case JsonKind::Nothing:
      out += "null";
      return;
    case JsonKind::Bool:
      out += node.bool_value ? "true" : "false";
      return;
    case JsonKind::Number:
      return append_number(node.number, out);
    case JsonKind::String:
      return append_json_string(node.string, out);
    case JsonKind::Object:
      return append_object(node, out);
    case JsonKind::Array:
      break;
  }
  out += '[';
  for (const JsonNode* element = node.child; element != nullptr; element = element->next) {
    if (element != node.child) out += ',';
    append_sorted_json(*element, out);
  }
  out += ']';
}

}  // namespace freshet::processors
