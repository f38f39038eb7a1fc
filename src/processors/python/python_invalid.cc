#include "processors/python/python_invalid.h"

#include <fmt/format.h>

namespace freshet::processors {

ProcessResult invalid_json(const PythonJson& json) {
  return ProcessResult::invalid("invalid_message",
                                fmt::format("invalid message at byte {}: {}", json.position(), json.what()));
}

ProcessResult missing_field(std::string_view name) {
  return ProcessResult::invalid("missing_field", fmt::format("invalid message: {} is missing", name));
}

ProcessResult invalid_value(std::string_view what) {
  return ProcessResult::invalid("invalid_value", fmt::format("invalid message: {}", what));
}

}  // namespace freshet::processors
