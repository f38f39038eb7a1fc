// Readers of fields that are lists or objects, for describe().
#pragma once

#include "processors/description/description.h"
#include "processors/json/read_lists.h"

namespace freshet::processors {

// An object inside a message, as serde reads one: fields may be missing unless they are Required, and unknown fields
// are checked.
template <typename Row, typename... Entries>
constexpr auto describe_part(const Entries&... entries) {
  return describe<Row>(entries...).with(Unknown::Check).defaulted();
}

// Null, which changes nothing, or a value as kReader reads it; without one, as the type of the member says.
template <auto kReader>
struct NullableReader {
  template <typename In, typename T>
  bool operator()(In& in, T& out) const {
    if (in.json.consume_null()) return true;
    if constexpr (std::is_same_v<std::remove_cv_t<decltype(kReader)>, description::NoReader>) {
      return description::read_by_type(in, out);
    } else {
      return kReader(in, out);
    }
  }
};
template <auto kReader = description::NoReader{}>
inline constexpr NullableReader<kReader> nullable{};

// Null, or an array: kRead(in, row) reads each element that is not null.
template <auto kRead>
struct EachElementReader {
  template <typename In, typename Row>
  bool operator()(In& in, Row& row) const {
    return read_optional_list(in.json, [&] { return in.json.consume_null() || kRead(in, row); });
  }
};
template <auto kRead>
inline constexpr EachElementReader<kRead> each_element{};

// Null, or an object: kRead(in, name, row) reads the value of each of its fields, in their order, also of equal names.
template <auto kRead>
struct EachFieldReader {
  template <typename In, typename Row>
  bool operator()(In& in, Row& row) const {
    if (in.json.consume_null()) return true;
    JsonString name;
    for (in.json.enter_object(); in.json.next_key(name);) {
      if (!kRead(in, name, row)) return false;
    }
    return !in.json.failed();
  }
};
template <auto kRead>
inline constexpr EachFieldReader<kRead> each_field{};

// Adds an element to a List, and reads it.
template <auto kList, auto kReader>
struct AddReader {
  template <typename In, typename Row>
  bool operator()(In& in, Row& row) const {
    return kReader(in, (row.*kList).add());
  }
};
template <auto kList, auto kReader>
inline constexpr AddReader<kList, kReader> add_to{};

}  // namespace freshet::processors
