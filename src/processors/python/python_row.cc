#include "processors/python/python_row.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "processors/json/utf8.h"
#include "processors/python/python_numbers.h"
#include "processors/python/python_text.h"
#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

using Kind = PythonValue::Kind;

// An integer of any size: its literal.
struct PythonInteger {
  std::string_view literal;
};
// Only JSON has it.
struct PythonObject {
  const PythonValue& value;
};

// The first elements of an array.
struct FirstElements {
  struct Iterator {
    const PythonValue* at;
    uint32_t left;
    const PythonValue& operator*() const { return *at; }
    Iterator& operator++() {
      --left;
      at = at->after();
      return *this;
    }
    bool operator==(std::default_sentinel_t) const { return left == 0; }
  };
  const PythonValue* array;  // null: none
  uint32_t count;
  uint32_t size() const { return array == nullptr ? 0 : std::min(count, array->count()); }
  Iterator begin() const { return {size() == 0 ? nullptr : array->begin(), size()}; }
  std::default_sentinel_t end() const { return {}; }
};

void write_value(RowWriter& out, const PythonInteger& v) { out.raw(v.literal); }
void write_value(TypedCell& out, const PythonInteger& v) {
  const auto parsed = [&](auto number) {
    const char* const end = v.literal.data() + v.literal.size();
    if (std::from_chars(v.literal.data(), end, number).ec != std::errc()) return out.inexact();
    out.value(number);
  };
  v.literal.starts_with('-') ? parsed(int64_t{}) : parsed(uint64_t{});
}

void write_value(RowWriter& out, const PythonObject& v) {
  std::vector<PythonMember> members;
  unique_members(v.value, members);
  out.begin_object();
  for (const PythonMember& member : members) {
    out.key(member.key->string());
    out.value(AnyValue{member.value});
  }
  out.end_object();
}

}  // namespace

template <typename Out>
void write_value(Out& out, const AnyValue& v) {
  if (v.value == nullptr) return out.value(nullptr);
  const PythonValue& value = *v.value;
  switch (value.kind()) {
    case Kind::Null:
      return out.value(nullptr);
    case Kind::False:
    case Kind::True:
      return out.value(value.kind() == Kind::True);
    case Kind::Integer:
      return out.value(PythonInteger{value.view()});
    case Kind::Float:
      return out.value(PythonFloat{to_double(value)});
    case Kind::String:
      return out.value(value.string());
    case Kind::Object:
      return out.value(PythonObject{value});
    case Kind::Array:
      break;
  }
  write_value(out, FirstAsIs{v.value, value.count()});
}

template <typename Out>
void write_value(Out& out, const FirstAsIs& v) {
  if (v.value != nullptr && v.value->is_string()) {
    return out.value(JsonString{first_code_points(v.value->view(), v.count), v.value->string().plain});
  }
  const FirstElements elements{v.value, v.count};
  out.value(Elements{elements, [](const PythonValue& one) { return AnyValue{&one}; }});
}

template <typename Out>
void write_value(Out& out, const AsText& v) {
  if (is_none(v.value)) return out.value(nullptr);
  if (v.value->is_string()) return out.value(v.value->string());
  std::string text;
  append_text(*v.value, text);
  out.value(JsonString{text, !v.value->is_container()});
}

template <typename Out>
void write_value(Out& out, const TextOrEmpty& v) {
  if (is_none_or_falsy(v.value)) return out.value(JsonString{"", true});
  write_value(out, AsText{v.value});
}

template <typename Out>
void write_value(Out& out, const HexInteger& v) {
  if (v.fits_u64()) return out.value(v.u64());
  std::string digits;
  out.value(PythonInteger{v.digits(digits)});
}

template <typename Out>
void write_value(Out& out, const Retention& v) {
  v.own != nullptr ? write_value(out, AnyValue{v.own}) : out.value(v.days);
}

template <typename Out>
void write_value(Out& out, const PythonIp& v) {
  if (v.zone.empty()) return out.value(v.address);
  std::array<char, IpAddress::kTextRoom> address;
  out.value(std::string_view(std::string(address.data(), v.address.write(address.data())).append(v.zone)));
}

void write_value(RowWriter& out, const PythonFloat& v) {
  std::array<char, kNumberRoom> text;
  out.raw({text.data(), static_cast<size_t>(write_json_float(v.value, text.data()) - text.data())});
}
void write_value(TypedCell& out, const PythonFloat& v) { out.value(v.value); }

void write_value(RowWriter& out, const Stamp& v) {
  Stamp::Room room;
  out.value(JsonString{v.text(room), true});
}
void write_value(TypedCell& out, const Stamp& v) {
  const columns::DataType& type = out.type();
  const bool utc = type.time_zone == "UTC" || type.time_zone == "Etc/UTC";
  if (!utc || type.kind != columns::TypeKind::DateTime) return out.inexact();
  out.value(v.seconds());
}

template void write_value(RowWriter&, const AnyValue&);
template void write_value(TypedCell&, const AnyValue&);
template void write_value(RowWriter&, const AsText&);
template void write_value(TypedCell&, const AsText&);
template void write_value(RowWriter&, const TextOrEmpty&);
template void write_value(TypedCell&, const TextOrEmpty&);
template void write_value(RowWriter&, const FirstAsIs&);
template void write_value(TypedCell&, const FirstAsIs&);
template void write_value(RowWriter&, const HexInteger&);
template void write_value(TypedCell&, const HexInteger&);
template void write_value(RowWriter&, const Retention&);
template void write_value(TypedCell&, const Retention&);
template void write_value(RowWriter&, const PythonIp&);
template void write_value(TypedCell&, const PythonIp&);

}  // namespace freshet::processors
