// Describes a protobuf message: its fields by their numbers, and the members of a struct that take them.
//
//   struct Count { uint32_t category = 0; uint64_t quantity = 0; };
//   constexpr auto kCount = message<Count>(number<1, &Count::category>(), number<2, &Count::quantity>());
//
// Other fields are skipped. As in prost, a field that occurs again replaces the value, or adds to a nested message.
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include "processors/json/json_reader.h"
#include "processors/protobuf/protobuf_reader.h"

namespace freshet::processors {

// Reads the value of the field that ProtobufReader::next() returned, by the type of the member that takes it. Integers
// are cut to its width. JsonString: must be UTF-8.
template <typename T>
bool read_number(ProtobufReader& reader, T& out) {
  if constexpr (std::is_same_v<T, double>) {
    return reader.read_double(out);
  } else if constexpr (std::is_same_v<T, JsonString>) {
    return reader.read_string(out);
  } else if constexpr (std::is_same_v<T, std::string_view>) {
    return reader.read_bytes(out);
  } else {
    uint64_t value = 0;
    if (!reader.read_varint(value)) return false;
    out = static_cast<T>(value);
    return true;
  }
}

template <uint32_t kNumber, auto kMember, auto kReader>
struct NumberedField {
  template <typename Row>
  static bool read(ProtobufReader& reader, Row& row) {
    if constexpr (!std::is_member_object_pointer_v<decltype(kMember)>) {
      return kMember(reader, row);
    } else if constexpr (std::is_null_pointer_v<std::remove_cv_t<decltype(kReader)>>) {
      return read_number(reader, row.*kMember);
    } else {
      return kReader(reader, row.*kMember);
    }
  }
  static constexpr uint32_t number = kNumber;
};

// The reader of a field: a function `bool(ProtobufReader&, T&)` for its member; or no member, and a function
// `bool(ProtobufReader&, Row&)`. Without a reader, the type of the member decides.
template <uint32_t kNumber, auto kMember, auto kReader = nullptr>
consteval auto number() {
  return NumberedField<kNumber, kMember, kReader>{};
}

template <typename Row, typename... Fields>
class ProtobufMessage {
 public:
  // The same message with more fields.
  template <typename... More>
  consteval auto with(const More&...) const {
    return ProtobufMessage<Row, Fields..., More...>();
  }

  // Reads the fields of the innermost message. False: it is invalid; the reader has the reason.
  bool read_all(ProtobufReader& reader, Row& row) const {
    while (reader.next()) read_one(reader, row);
    return !reader.failed();
  }
  // Reads the field that next() returned.
  bool read_one(ProtobufReader& reader, Row& row) const {
    bool read = false;
    const bool known = ((reader.field() == Fields::number && (read = Fields::read(reader, row), true)) || ...);
    return known ? read : reader.skip();
  }
  // As the reader of a field: a nested message.
  bool operator()(ProtobufReader& reader, Row& row) const {
    ProtobufReader::Outer outer;
    return reader.enter(outer) && read_all(reader, row) && reader.leave(outer);
  }
};

template <typename Row, typename... Fields>
consteval auto message(const Fields&...) {
  return ProtobufMessage<Row, Fields...>();
}

// A reader of fields that occur several times: adds an element to a vector for each.
template <const auto& kMessage>
inline constexpr auto add_each =
    [](ProtobufReader& reader, auto& list) { return kMessage(reader, list.emplace_back()); };

}  // namespace freshet::processors
