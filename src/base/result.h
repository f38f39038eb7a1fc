// Errors as values: a function returns, and does not throw, errors that the caller can act on.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace freshet {

// Named after what the caller does next, so a caller needs no list of causes. Only the adapter that met the error
// chooses the kind, from its own table.
enum class ErrorKind {
  Retry,     // the same call may succeed later
  Invalid,   // the data is invalid: dead-letter it and continue with the rest
  Renew,     // this Kafka consumer cannot recover: create the next one
  Fatal,     // an operator must change something: refuse to start
  Stopping,  // interrupted on purpose; never logged as a failure
};

const char* to_string(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::Fatal;
  int code = 0;      // the number of the library or server, 0 if there is none
  std::string text;  // for people: what failed and, if known, how to fix it
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

inline tl::unexpected<Error> failure(ErrorKind kind, std::string text, int code = 0) {
  return tl::make_unexpected(Error{kind, code, std::move(text)});
}

}  // namespace freshet
