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
  // Copies the next value of `json` as a member. False: it is invalid; the reader has the reason.
  bool copy(JsonReader& json, const JsonString& name, CopiedValue& value);
  // `name` and `value` are JSON without escapes.
  void add(std::string_view name, std::string_view value);
  void drop_last();
  void end() { close_object(0, 0); }
  // Of the object after end().
  std::string_view text() const { return out_.text(); }

 private:
  // `"name":value` is at [begin, end) of the text.
  struct Member {
    uint64_t head;  // the first eight bytes of the name, as a number
    std::string_view name;
    size_t begin;
    size_t end;
  };
  template <typename WriteValue>
  bool add_member(const JsonString& name, WriteValue write_value);
  bool copy_value(JsonReader& json, CopiedValue& value);
  bool copy_array(JsonReader& json);
  bool copy_object(JsonReader& json);
  void close_object(size_t first_member, size_t begin);

  RowWriter out_{TickForm::Ticks};
  std::vector<Member> members_;  // of all objects that are open
  std::string unsorted_;         // scratch
};

}  // namespace freshet::processors
