#include "processors/json/json_syntax.h"

#include <simdjson.h>

#include "processors/json/json_escapes.h"
#include "processors/json/json_number.h"
#include "processors/json/json_scan.h"
#include "processors/json/json_walk.h"

namespace freshet::processors {
namespace {

// The length of the character at `p` by RFC 3629; 0 if it is not valid.
size_t utf8_length(const unsigned char* p, size_t left) {
  const auto continues = [&](size_t i) { return i < left && (p[i] & 0xC0) == 0x80; };
  if (p[0] < 0x80) return 1;
  if (p[0] >= 0xC2 && p[0] <= 0xDF) return continues(1) ? 2 : 0;
  if (p[0] >= 0xE0 && p[0] <= 0xEF) {
    if (!continues(1) || !continues(2)) return 0;
    if (p[0] == 0xE0 && p[1] < 0xA0) return 0;
    return p[0] == 0xED && p[1] > 0x9F ? 0 : 3;
  }
  if (p[0] >= 0xF0 && p[0] <= 0xF4) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    if (p[0] == 0xF0 && p[1] < 0x90) return 0;
    return p[0] == 0xF4 && p[1] > 0x8F ? 0 : 4;
  }
  return 0;
}

size_t first_bad_utf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  size_t i = 0;
  while (i < text.size()) {
    const size_t length = utf8_length(bytes + i, text.size() - i);
    if (length == 0) break;
    i += length;
  }
  return i;
}

// Adds that the text is not UTF-8, if that is the first error.
JsonCheck check_utf8(std::string_view text, JsonCheck result) {
  if (is_utf8(text)) return result;
  const size_t position = first_bad_utf8(text);
  if (!result.error || position <= result.error->position) {
    result.error = JsonError{position, "not UTF-8", true, false};
  }
  return result;
}

// Looks at one object after the other. `Record`: `out` gets what is found.
template <bool Record>
class ObjectCheck {
 public:
  ObjectCheck(std::string_view text, JsonObjects* out)
      : begin_(text.data()), end_(text.data() + text.size()), out_(out) {}

  JsonCheck check() {
    JsonCheck result;
    for (const char* at = after_space(begin_); at != end_ || result.objects == 0; at = after_space(at)) {
      const char* const object = at;
      at = *at == '{' ? walk_json(at, *this) : fail(at, "expected an object");
      if (at == nullptr) {
        error_.no_object = *object != '{';
        result.error = error_;
        return result;
      }
      if constexpr (Record) out_->objects.emplace_back(object, static_cast<size_t>(at - object));
      ++result.objects;
    }
    return result;
  }

  // The visitor of the walk.
  bool open(const char* at, bool, size_t depth) {
    if (depth == kMaxJsonDepth) return fail(at, "nested too deeply") != nullptr;
    if (depth == 1) value_ = at;
    return true;
  }
  void close(const char* at, size_t depth) {
    if (depth == 1) end_value(value_, at + 1);
  }
  void element() {}
  bool string(const char* start, const char* stop, JsonPlace place) {
    if (place.depth != 1) return true;
    if (!place.name) return end_value(start - 1, stop + 1), true;
    name_ = {start, static_cast<size_t>(stop - start)};
    escaped_ = false;
    return true;
  }
  const char* odd_string(const char* start, const char* at, JsonPlace place) {
    bool ascii = true;
    const Unescaped rest = pass_escapes(at, false, ascii);
    if (rest.error != nullptr) return fail(rest.stop, rest.error);
    if (*rest.stop != '"') {
      return fail(rest.stop, rest.stop == end_ ? "a string does not end" : "a control character in a string");
    }
    escaped_ = true;
    string(start, rest.stop, place);
    return rest.stop;
  }
  const char* scalar(const char* at, size_t depth) {
    const char* error = nullptr;
    const char* const end = pass_scalar(at, false, error);
    if (error != nullptr) return fail(end, error);
    if (depth == 1) end_value(at, end);
    return end;
  }
  const char* fail(const char* at, const char* what) {
    error_ = {static_cast<size_t>(at - begin_), what, false, false};
    return nullptr;
  }

 private:
  void end_value(const char* begin, const char* end) {
    if constexpr (Record) {
      out_->fields.push_back({out_->objects.size(), name_, {{begin, static_cast<size_t>(end - begin)}, !escaped_}});
    }
  }

  const char* const begin_;
  const char* const end_;
  JsonObjects* const out_;
  std::string_view name_;        // of the last field of the object itself,
  const char* value_ = nullptr;  // where its value begins, if it is a container,
  bool escaped_ = false;         // and whether it has an escape
  JsonError error_;
};

JsonCheck check_padded(std::string_view text, JsonObjects* out) {
  if (out == nullptr) return check_utf8(text, ObjectCheck<false>(text, out).check());
  out->objects.clear();
  out->fields.clear();
  return check_utf8(text, ObjectCheck<true>(text, out).check());
}

// Unescapes `raw`, which has been checked. None: it has no UTF-8, because of a lone surrogate.
std::optional<std::string> unescaped(std::string_view raw) {
  PaddedText padded;
  const char* const begin = padded.copy(raw);
  const size_t plain = raw.find('\\');
  std::string out(raw);
  char* put = out.data() + plain;
  if (unescape(begin + plain, put).error != nullptr) return std::nullopt;
  out.resize(static_cast<size_t>(put - out.data()));
  return out;
}

}  // namespace

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

JsonCheck JsonSyntax::check(const Message& message, JsonObjects* out) {
  return check_padded({text_.of(message), message.payload->size()}, out);
}

JsonCheck JsonSyntax::check(std::string_view text, JsonObjects* out) {
  return check_padded({text_.copy(text), text.size()}, out);
}

bool same_name(std::string_view raw, std::string_view name) {
  if (raw.find('\\') == std::string_view::npos) return raw == name;
  return unescaped(raw) == name;
}

}  // namespace freshet::processors
