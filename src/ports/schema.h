// Port to schemas: whether a payload conforms to the schema of its topic.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace freshet {

// Threads: one instance per worker.
class SchemaValidator {
 public:
  virtual ~SchemaValidator() = default;
  // Human-readable: why the payload does not match; nullopt if it does. Never throws.
  virtual std::optional<std::string> why_invalid(std::string_view payload) = 0;
};

using SchemaValidatorFactory = std::function<std::unique_ptr<SchemaValidator>()>;

}  // namespace freshet
