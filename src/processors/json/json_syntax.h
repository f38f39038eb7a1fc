// Checks JSON (RFC 8259) in one pass without building a tree; ClickHouse gets the bytes unchanged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "processors/json/padded_text.h"

namespace freshet::processors {

// Deeper nesting is refused, so that no input overflows the stack of a parser that reads it later.
constexpr size_t kMaxJsonDepth = 512;

struct JsonError {
  size_t position = 0;     // byte offset in the text; the text's size if more was expected
  const char* what = "";   // static string: "expected ':' after the field name"
  bool utf8 = false;       // the bytes are not UTF-8 (RFC 3629)
  bool no_object = false;  // valid JSON so far, but not an object
};

// The text of a value, as checked by JsonSyntax: strings have their quotes and escapes.
struct JsonText {
  std::string_view text;
  bool plain = false;  // no string in it has an escape
};

// A field of a top-level object.
struct JsonField {
  size_t object = 0;      // index of its object
  std::string_view name;  // between the quotes, with escapes
  JsonText value;
};

// The top-level objects of a text, each including its braces, and their fields.
struct JsonObjects {
  std::vector<std::string_view> objects;
  std::vector<JsonField> fields;
};

struct JsonCheck {
  size_t objects = 0;
  std::optional<JsonError> error;
};

// Reuses its memory. Threads: one.
class JsonSyntax {
 public:
  // Checks that the text is one or more objects, with nothing or white space between them. Returns their number and,
  // with `out`, the objects and their fields: valid until the next call, and no longer than a padded message. Lone
  // surrogates in \u escapes are legal JSON and are accepted.
  JsonCheck check(const Message& message, JsonObjects* out = nullptr);
  JsonCheck check(std::string_view text, JsonObjects* out = nullptr);

 private:
  PaddedText text_;
};

// True if `raw`, a name as written in the text (with escapes), is equal to `name` after unescaping.
bool same_name(std::string_view raw, std::string_view name);

bool is_utf8(std::string_view text);

}  // namespace freshet::processors
