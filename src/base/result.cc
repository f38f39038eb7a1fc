#include "base/result.h"

namespace freshet {

const char* to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Retry:
      return "retry";
    case ErrorKind::Invalid:
      return "invalid";
    case ErrorKind::Renew:
      return "renew";
    case ErrorKind::Fatal:
      return "fatal";
    case ErrorKind::Stopping:
      return "stopping";
  }
  return "unknown";
}

}  // namespace freshet
