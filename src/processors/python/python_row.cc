#include "processors/python/python_row.h"

#include <array>
#include <vector>

#include "processors/json/utf8.h"
#include "processors/python/python_numbers.h"
#include "processors/python/python_text.h"
#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

using Kind = PythonValue::Kind;

}  // namespace

void PythonRow::as_is(const PythonValue* value) {
  if (value == nullptr) return RowWriter::value(nullptr);
  switch (value->kind()) {
    case Kind::Null:
      return RowWriter::value(nullptr);
    case Kind::False:
    case Kind::True:
      return RowWriter::value(value->kind() == Kind::True);
    case Kind::Integer:
      return raw(value->view());
    case Kind::Float:
      return put_float(to_double(*value));
    case Kind::String:
      return RowWriter::value(value->string());
    case Kind::Object:
      return object(*value);
    case Kind::Array:
      break;
  }
  begin_array();
  for (const PythonValue* one = value->begin(); one != value->end(); one = one->after()) as_is(one);
  end_array();
}

void PythonRow::first_as_is(const PythonValue& value, uint32_t count) {
  if (value.is_string()) {
    return RowWriter::value(JsonString{first_code_points(value.view(), count), value.string().plain});
  }
  begin_array();
  for (const PythonValue* one = value.begin(); one != value.end() && count > 0; one = one->after(), --count) as_is(one);
  end_array();
}

void PythonRow::object(const PythonValue& value) {
  std::vector<PythonMember> members;
  unique_members(value, members);
  begin_object();
  for (const PythonMember& member : members) {
    key(member.key->string());
    as_is(member.value);
  }
  end_object();
}

void PythonRow::put_float(double value) {
  std::array<char, kNumberRoom> text;
  raw({text.data(), static_cast<size_t>(write_json_float(value, text.data()) - text.data())});
}

void PythonRow::as_text(const PythonValue* value) {
  if (is_none(value)) return RowWriter::value(nullptr);
  if (value->is_string()) return RowWriter::value(value->string());
  scratch_.clear();
  append_text(*value, scratch_);
  RowWriter::value(JsonString{scratch_, !value->is_container()});
}

void PythonRow::put_retention(const Column& column, const Retention& retention) {
  key(column);
  if (retention.own != nullptr) return as_is(retention.own);
  RowWriter::value(retention.days);
}

void PythonRow::put_ip(const Column& v4, const Column& v6, const PythonValue* value) {
  // Only a string can be an address.
  if (value == nullptr || !value->is_string()) return;
  const auto ip = parse_python_ip(value->view());
  if (!ip) return;
  std::array<char, IpAddress::kTextRoom> text;
  const char* const end = ip->address.write(text.data());
  key(ip->address.v6 ? v6 : v4);
  begin_string();
  string_part(JsonString{{text.data(), static_cast<size_t>(end - text.data())}, true});
  string_part(ip->zone);
  end_string();
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
