// A secret and where it comes from. Plain data.
#pragma once

#include <ostream>
#include <string>
#include <utility>

#include "base/files.h"

namespace freshet::secrets {

// A text that is never printed: it has no fmt formatter, and a stream shows ***.
class Secret {
 public:
  Secret() = default;
  Secret(std::string text) : text_(std::move(text)) {}  // implicit: only the way out is guarded

  bool empty() const { return text_.empty(); }
  // For the request that carries the secret, and for the log's mask.
  const std::string& reveal() const { return text_; }
  bool operator==(const Secret&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

 private:
  std::string text_;
};

// A secret of the settings.
struct SecretSource {
  SecretSource() = default;
  SecretSource(const char* text) : value(text) {}
  SecretSource(std::string text, std::string source = {}) : value(std::move(text)), from(std::move(source)) {}

  bool empty() const { return value.empty(); }
  const std::string& reveal() const { return value.reveal(); }

  Secret value;      // as read when the settings were loaded
  std::string from;  // FILE or exec:COMMAND, where it is read again; empty: it stays as it is
  SecretForm form = SecretForm::OneLine;
};

}  // namespace freshet::secrets
