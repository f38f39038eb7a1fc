// Port to schemas: whether a payload is what its topic promises.
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
  // Why the payload does not match, for a person; nothing when it does. Never throws.
  virtual std::optional<std::string> why_invalid(std::string_view payload) = 0;
};

using SchemaValidatorFactory = std::function<std::unique_ptr<SchemaValidator>()>;

}  // namespace freshet
