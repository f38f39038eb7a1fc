// Checks JSON (RFC 8259) in one pass without building anything: the bytes go to ClickHouse as they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet::processors {

// Deeper nesting is refused, so that no input can exhaust a parser behind us.
constexpr size_t kMaxJsonDepth = 512;

struct JsonError {
  size_t position = 0;     // byte offset in the text; its size where more was expected
  const char* what = "";   // static storage: "expected ':' after the field name"
  bool utf8 = false;       // the bytes are no UTF-8 (RFC 3629)
  bool no_object = false;  // it is JSON so far, but no object stands here
};

// A field of a top-level object.
struct JsonField {
  size_t object = 0;      // index of its object
  std::string_view name;  // between the quotes, escapes as they are
  std::string_view value;
};

// One top-level object, braces included.
struct JsonObjects {
  std::vector<std::string_view> objects;
  std::vector<JsonField> fields;
};

// `text` must be one or more objects, separated by nothing or white space. Returns how many; with `out` also where they
// and their fields are. Lone surrogates in \u escapes are legal JSON and pass.
struct JsonCheck {
  size_t objects = 0;
  std::optional<JsonError> error;
};
JsonCheck check_json_objects(std::string_view text, JsonObjects* out = nullptr);

// Whether a name as it stands in the text (escapes included) means `name`.
bool same_name(std::string_view raw, std::string_view name);

bool is_utf8(std::string_view text);

}  // namespace freshet::processors
