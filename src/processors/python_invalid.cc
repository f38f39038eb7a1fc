#include "processors/python_invalid.h"

#include <fmt/format.h>

namespace freshet::processors {

Verdict invalid_json(const PythonJson& json) {
  return Verdict::invalid("invalid_message",
                          fmt::format("invalid message at byte {}: {}", json.position(), json.what()));
}

Verdict missing_field(std::string_view name) {
  return Verdict::invalid("missing_field", fmt::format("invalid message: {} is missing", name));
}

Verdict invalid_value(std::string_view what) {
  return Verdict::invalid("invalid_value", fmt::format("invalid message: {}", what));
}

}  // namespace freshet::processors
