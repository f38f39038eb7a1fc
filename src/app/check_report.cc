#include "app/check_report.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/message_text.h"

namespace freshet::app {

CheckReport::CheckReport(std::ostream& out, bool json, const std::vector<std::string>& secrets, Clock& clock)
    : out_(out), json_(json), secrets_(secrets), store_(clock, &secrets_) {}

void CheckReport::good(const std::string& text) { print({"ok", "ok"}, text); }

void CheckReport::warning(const std::string& text) { print({"warning", "warning"}, text); }

void CheckReport::bad(const std::string& text) {
  print({"FAILED", "failed"}, text);
  ++failed_;
}

void CheckReport::print(Label label, const std::string& text) {
  const std::string shown = secrets_.masked(with_message_texts(text));
  out_ << (json_ ? fmt::format("{{\"result\":\"{}\",\"text\":{}}}\n", label.json, quoted_json(shown))
                 : fmt::format("{:8} {}\n", label.text, shown));
}

}  // namespace freshet::app
