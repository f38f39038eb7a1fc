// JsonReader's code for skipping values, which are most of the bytes of most messages.
#include "processors/json/json_escapes.h"
#include "processors/json/json_number.h"
#include "processors/json/json_reader.h"
#include "processors/json/json_walk.h"

namespace freshet::processors {

template <bool Strict>
const char* JsonReader::pass_scalar(const char* at) {
  const char* error = nullptr;
  at = processors::pass_scalar(at, Strict, error);
  return error == nullptr ? at : fail_at(at, error);
}

// `at` is the opening quote.
template <bool Strict>
inline const char* JsonReader::pass_string(const char* at) {
  const char* const start = at + 1;
  bool ascii = true;
  at = scan_string(start, ascii);
  if (*at == '"' && (!Strict || ascii)) return at + 1;
  at = pass_odd_string<Strict>(start, at, ascii);
  return at == nullptr ? nullptr : at + 1;
}

// Returns the closing quote.
template <bool Strict>
const char* JsonReader::pass_odd_string(const char* start, const char* at, bool ascii) {
  const Unescaped rest = pass_escapes(at, Strict, ascii);
  if (rest.error != nullptr) {
    const char* const after_one = rest.backslash + 6;  // of two for a pair of surrogates
    return fail_at(rest.stop >= after_one ? after_one : rest.backslash, rest.error);
  }
  at = rest.stop;
  if (*at != '"') return fail_at(at, at >= end_ ? "a string does not end" : "a control character in a string");
  if (Strict && !ascii && !is_utf8(start, at)) return fail_at(at, "a string is not UTF-8");
  return at;
}

template <bool Strict>
class JsonReader::Pass {
 public:
  explicit Pass(JsonReader& json) : json_(json) {}

  bool open(const char* at, bool, size_t depth) {
    return !Strict || json_.depth_ + depth < kMaxDepth || fail(at, "nested too deeply") != nullptr;
  }
  void close(const char*, size_t) {}
  void element() {}
  bool string(const char* start, const char* stop, JsonPlace place) {
    return !Strict || !place.high || is_utf8(start, stop) || fail(stop, "a string is not UTF-8") != nullptr;
  }
  const char* odd_string(const char* start, const char* at, JsonPlace place) {
    return json_.pass_odd_string<Strict>(start, at, !place.high);
  }
  const char* scalar(const char* at, size_t) { return json_.pass_scalar<Strict>(at); }
  const char* fail(const char* at, const char* what) { return json_.fail_at(at, what); }

 private:
  JsonReader& json_;
};

// A function of its own, because it saves registers and makes room for what other values do not need.
template <bool Strict>
[[gnu::noinline]] const char* JsonReader::pass_container(const char* at) {
  Pass<Strict> pass(*this);
  return walk_json(at, pass);
}

template <bool Strict>
bool JsonReader::pass_value() {
  skip_space();
  const char* end = nullptr;
  if (*at_ == '"') {
    end = pass_string<Strict>(at_);
  } else if (*at_ != '{' && *at_ != '[') {
    end = pass_scalar<Strict>(at_);
  } else {
    end = pass_container<Strict>(at_);
  }
  if (end == nullptr) return false;
  at_ = end;
  return true;
}

bool JsonReader::skip() { return pass_value<false>(); }
bool JsonReader::check() { return pass_value<true>(); }

}  // namespace freshet::processors
