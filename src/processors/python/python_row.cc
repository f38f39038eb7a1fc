#include "processors/python/python_row.h"

#include <array>
#include <string>
#include <vector>

#include "processors/json/utf8.h"
#include "processors/python/python_numbers.h"
#include "processors/python/python_text.h"
#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

using Kind = PythonValue::Kind;

void write_python_object(RowWriter& out, const PythonValue& value) {
  std::vector<PythonMember> members;
  unique_members(value, members);
  out.begin_object();
  for (const PythonMember& member : members) {
    out.key(member.key->string());
    out.value(AnyValue{member.value});
  }
  out.end_object();
}

}  // namespace

void write_value(RowWriter& out, const AnyValue& v) {
  if (v.value == nullptr) return out.value(nullptr);
  const PythonValue& value = *v.value;
  switch (value.kind()) {
    case Kind::Null:
      return out.value(nullptr);
    case Kind::False:
    case Kind::True:
      return out.value(value.kind() == Kind::True);
    case Kind::Integer:
      return out.raw(value.view());
    case Kind::Float:
      return out.value(PythonFloat{to_double(value)});
    case Kind::String:
      return out.value(value.string());
    case Kind::Object:
      return write_python_object(out, value);
    case Kind::Array:
      break;
  }
  write_value(out, FirstAsIs{v.value, value.count()});
}

void write_value(RowWriter& out, const FirstAsIs& v) {
  if (v.value != nullptr && v.value->is_string()) {
    return out.value(JsonString{first_code_points(v.value->view(), v.count), v.value->string().plain});
  }
  out.begin_array();
  if (v.value != nullptr) {
    uint32_t left = v.count;
    for (auto one = v.value->begin(); one != v.value->end() && left > 0; one = one->after(), --left) {
      out.value(AnyValue{one});
    }
  }
  out.end_array();
}

void write_value(RowWriter& out, const AsText& v) {
  if (is_none(v.value)) return out.value(nullptr);
  if (v.value->is_string()) return out.value(v.value->string());
  std::string text;
  append_text(*v.value, text);
  out.value(JsonString{text, !v.value->is_container()});
}

void write_value(RowWriter& out, const TextOrEmpty& v) {
  if (is_none_or_falsy(v.value)) return out.value(JsonString{"", true});
  out.value(AsText{v.value});
}

void write_value(RowWriter& out, const PythonFloat& v) {
  std::array<char, kNumberRoom> text;
  out.raw({text.data(), static_cast<size_t>(write_json_float(v.value, text.data()) - text.data())});
}

void write_value(RowWriter& out, const HexInteger& v) {
  if (v.fits_u64()) return out.value(v.u64());
  std::string digits;
  out.raw(v.digits(digits));
}

void write_value(RowWriter& out, const Stamp& v) { out.value(v.view()); }

void write_value(RowWriter& out, const Retention& v) {
  if (v.own != nullptr) return out.value(AnyValue{v.own});
  out.value(v.days);
}

void write_value(RowWriter& out, const PythonIp& v) {
  std::array<char, IpAddress::kTextRoom> text;
  const char* const end = v.address.write(text.data());
  out.begin_string();
  out.string_part(JsonString{{text.data(), static_cast<size_t>(end - text.data())}, true});
  out.string_part(v.zone);
  out.end_string();
}

void PythonRow::put_ip(const Column& v4, const Column& v6, const PythonValue* value) {
  // Only a string can be an address.
  if (value == nullptr || !value->is_string()) return;
  const auto ip = parse_python_ip(value->view());
  if (!ip) return;
  put(ip->address.v6 ? v6 : v4, *ip);
}

void PythonRow::begin_tag_names(const Column& names, const PythonPairs& tags) {
  key(names);
  begin_array();
  for (const auto& tag : tags.pairs()) {
    if (is_tag_value(*tag.value)) as_text(tag.key);
  }
}

void PythonRow::begin_tag_values(const Column& values, const PythonPairs& tags) {
  key(values);
  begin_array();
  for (const auto& tag : tags.pairs()) {
    if (is_tag_value(*tag.value)) as_text(tag.value);
  }
}

void PythonRow::put_contexts(const Column& names, const Column& values, const std::vector<PythonContext>& contexts) {
  key(names);
  begin_array();
  for (const PythonContext& one : contexts) {
    begin_string();
    string_part(one.container->string());
    string_part(JsonString{".", true});
    string_part(one.member->string());
    end_string();
  }
  end_array();
  key(values);
  begin_array();
  for (const PythonContext& one : contexts) as_text(one.value);
  end_array();
}

}  // namespace freshet::processors
