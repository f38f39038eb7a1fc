// Copies JSON as compact text: at every level, keys are sorted by their bytes, and the last of duplicate keys stays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "processors/formats/row_writer.h"
#include "processors/json/json_reader.h"

namespace freshet::processors {

// A value that was copied; arrays and objects have only their kind.
struct CopiedValue {
  JsonKind kind = JsonKind::Null;
  bool flag = false;
  JsonNumber number;
  JsonString string;
};

// Copies one object: begin(), members in any order, end(). Reuses its memory. Threads: one.
class SortedJson {
 public:
  void begin();
  // Copies the next value of `json` as a member. `name`: of a JsonReader, so that eight bytes are readable. False: the
  // value is invalid; the reader has the reason.
  bool copy(JsonReader& json, const JsonString& name, CopiedValue& value);
  // `name` and `value` are JSON without escapes.
  void add(std::string_view name, std::string_view value);
  void drop_last();
  // Returns the text of the object, in memory of `json`, the reader of all members: valid until its next open().
  std::string_view end(JsonReader& json);

 private:
  // `name` and `value` as they are in the text of the message: `"name"` and `value`. Without them, `"name":value` is
  // at [begin, end) of `out_`.
  struct Member {
    uint64_t head = 0;  // the first eight bytes of the name, as a number
    std::string_view name = {};
    std::string_view value = {};
    size_t begin = 0;
    size_t end = 0;

    bool is_before(const Member& other) const { return head != other.head ? head < other.head : name < other.name; }
    bool in_message() const { return !value.empty(); }
    // With the comma or bracket before it.
    size_t size() const { return in_message() ? name.size() + value.size() + 4 : end - begin + 1; }
  };
  template <typename WriteValue>
  bool add_member(const JsonString& name, WriteValue write_value);
  bool copy_value(JsonReader& json, CopiedValue& value);
  bool copy_array(JsonReader& json);
  bool copy_object(JsonReader& json);
  void close_object(size_t first_member, size_t begin);
  bool keeps_order() const;
  void find_order();
  char* write(const Member& member, char* out) const;

  RowWriter out_{TickForm::Ticks};  // members that are not as in the message
  std::vector<Member> members_;     // of all objects that are open
  std::vector<uint32_t> order_;     // of the members of the last object: producers repeat it
  size_t ordered_ = 0;              // how many there were: `order_` has less if a name occurred twice
  std::string unsorted_;            // scratch
};

}  // namespace freshet::processors
