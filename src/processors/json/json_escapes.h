// Escapes in JSON strings, for the readers whose text ends with NUL bytes.
#pragma once

namespace freshet::processors {

// Reads the escape whose backslash is before `at`, or both of a pair of surrogates. Writes its character to `out`, at
// most four bytes. Returns the end. If the escape is invalid, sets `error` (static text) and returns the first wrong
// byte; for a lone surrogate, what follows it.
const char* read_escape(const char* at, char*& out, const char*& error);

// The rest of a string, from a backslash.
struct Unescaped {
  const char* stop;             // the first quote or control character, or as read_escape()
  const char* error = nullptr;  // of the escape that begins after `backslash`
  const char* backslash = nullptr;
};
// Writes the characters to `out`, which are not more than those of the text.
Unescaped unescape(const char* at, char*& out);

// As unescape(), without the characters. `surrogates`: whether a lone surrogate is an error. Sets `ascii` to false if a
// byte is not ASCII.
Unescaped pass_escapes(const char* at, bool surrogates, bool& ascii);

}  // namespace freshet::processors
