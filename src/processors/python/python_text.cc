#include "processors/python/python_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

#include "processors/json/json_number.h"
#include "processors/json/utf8.h"
#include "processors/python/python_numbers.h"
#include "processors/python/python_unicode.h"
#include "processors/python/python_values.h"

namespace freshet::processors {
namespace {

using Kind = PythonValue::Kind;

char* put(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

void append_escape(char letter, uint32_t code, int digits, std::string& out) {
  fmt::format_to(std::back_inserter(out), "\\{}{:0{}x}", letter, code, digits);
}

void append_json_string_text(std::string_view text, std::string& out) {
  constexpr std::string_view kSpecial = "\"\\\n\r\t\f\b";
  constexpr std::string_view kLetters = "\"\\nrtfb";
  out += '"';
  while (!text.empty()) {
    const uint32_t code = take_code_point(text);
    const char c = static_cast<char>(code);
    if (const size_t special = kSpecial.find(c); code < 0x7F && special != std::string_view::npos) {
      out += '\\';
      out += kLetters[special];
    } else if (code >= 0x20 && code <= 0x7E) {
      out += c;
    } else if (code <= 0xFFFF) {
      append_escape('u', code, 4, out);
    } else {
      append_escape('u', 0xD800 + ((code - 0x10000) >> 10), 4, out);
      append_escape('u', 0xDC00 + ((code - 0x10000) & 0x3FF), 4, out);
    }
  }
  out += '"';
}

void append_display_string(std::string_view text, std::string& out) {
  const bool single = text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char quote = single ? '"' : '\'';
  out += quote;
  while (!text.empty()) {
    const size_t size = utf8_size(text.front());
    const std::string_view raw = text.substr(0, size);
    const uint32_t code = take_code_point(text);
    if (code == '\\' || code == static_cast<uint32_t>(quote)) {
      out += '\\';
      out += static_cast<char>(code);
    } else if (code == '\n' || code == '\r' || code == '\t') {
      out += code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t";
    } else if (is_printable(code)) {
      out += raw;
    } else if (code <= 0xFF) {
      append_escape('x', code, 2, out);
    } else if (code <= 0xFFFF) {
      append_escape('u', code, 4, out);
    } else {
      append_escape('U', code, 8, out);
    }
  }
  out += quote;
}

// How a form of text writes scalars. Containers differ only in that.
struct Form {
  std::string_view null;
  std::string_view yes;
  std::string_view no;
  char* (*number)(double, char*);
  void (*string)(std::string_view, std::string&);
};
constexpr Form kJson = {"null", "true", "false", write_json_float, append_json_string_text};
constexpr Form kDisplay = {"None", "True", "False", write_float_text, append_display_string};

void append(const PythonValue& value, const Form& form, std::string& out);

void append_object(const PythonValue& value, const Form& form, std::string& out) {
  std::vector<PythonMember> members;
  unique_members(value, members);
  out += '{';
  for (const PythonMember& member : members) {
    if (member.key != members.front().key) out += ", ";
    form.string(member.key->view(), out);
    out += ": ";
    append(*member.value, form, out);
  }
  out += '}';
}

void append(const PythonValue& value, const Form& form, std::string& out) {
  switch (value.kind()) {
    case Kind::Null:
      out += form.null;
      return;
    case Kind::True:
      out += form.yes;
      return;
    case Kind::False:
      out += form.no;
      return;
    case Kind::Integer:
      out += value.view();
      return;
    case Kind::Float: {
      std::array<char, kNumberRoom> text;
      out.append(text.data(), form.number(to_double(value), text.data()));
      return;
    }
    case Kind::String:
      return form.string(value.view(), out);
    case Kind::Object:
      return append_object(value, form, out);
    case Kind::Array:
      break;
  }
  out += '[';
  for (const PythonValue* one = value.begin(); one != value.end(); one = one->after()) {
    if (one != value.begin()) out += ", ";
    append(*one, form, out);
  }
  out += ']';
}

}  // namespace

char* write_float_text(double value, char* out) {
  if (std::isnan(value)) return put("nan", out);
  if (std::isinf(value)) return put(value > 0 ? "inf" : "-inf", out);
  const double size = std::fabs(value);
  if (size == 0 || (size >= 1e-4 && size < 1e16)) return write_f64(value, out);
  // to_chars writes exactly this: the shortest digits, and an exponent with a sign and two digits.
  return std::to_chars(out, out + kNumberRoom, value, std::chars_format::scientific).ptr;
}

char* write_json_float(double value, char* out) {
  if (std::isnan(value)) return put("NaN", out);
  if (std::isinf(value)) return put(value > 0 ? "Infinity" : "-Infinity", out);
  return write_float_text(value, out);
}

void append_text(const PythonValue& value, std::string& out) {
  append(value, value.is_container() ? kJson : kDisplay, out);
}

void append_json_text(const PythonValue& value, std::string& out) { append(value, kJson, out); }

void append_display_text(const PythonValue& value, std::string& out) {
  if (value.is_string()) {
    out += value.view();
  } else {
    append(value, kDisplay, out);
  }
}

}  // namespace freshet::processors
