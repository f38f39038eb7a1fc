// Errors as values: what a caller can act on is returned, not thrown.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace freshet {

// Named after what happens next, so that a caller needs no list of causes. Only the adapter that met the error
// picks the kind, from its own table.
enum class ErrorKind {
  Retry,     // the same call may succeed later
  Invalid,   // the data is at fault: dead-letter it, go on with the rest
  Renew,     // this Kafka session is beyond repair: build the next one
  Fatal,     // a person has to change something: refuse to start
  Stopping,  // interrupted on purpose; never logged as a failure
};

const char* to_string(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::Fatal;
  int code = 0;      // the library's or server's own number, 0 if there is none
  std::string text;  // for a person: what failed and, where known, what to do
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> failure(ErrorKind kind, std::string text, int code = 0) {
  return tl::make_unexpected(Error{kind, code, std::move(text)});
}

}  // namespace freshet
