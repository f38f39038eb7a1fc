#include "clickhouse/response.h"

#include <charconv>
#include <utility>

namespace freshet::clickhouse {
namespace {

template <typename Number>
std::optional<Number> number_at(std::string_view text) {
  Number n{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return n;
}

// Where "Code: N" begins that is followed by the words of an exception; npos if nowhere.
size_t find_exception(std::string_view text) {
  constexpr std::string_view kMark = "Code: ";
  for (size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark, at + 1)) {
    const std::string_view rest = text.substr(at + kMark.size());
    const size_t digits = rest.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string_view::npos) continue;
    const std::string_view after = rest.substr(digits, 80);
    if (after.starts_with(". DB::") || after.starts_with(", e.displayText() = ") ||
        after.starts_with(". Coordination::")) {
      return at;
    }
  }
  return std::string_view::npos;
}

// One line of printable text without the technical tail of old servers.
std::string one_line(std::string_view text) {
  constexpr std::string_view kTail = ", e.what() = ";
  text = text.substr(0, text.rfind(kTail));
  std::string line;
  for (const char c : text.substr(0, kMaxErrorText)) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (control && (line.empty() || line.back() == ' ')) continue;
    line.push_back(control ? ' ' : c);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  if (text.size() > kMaxErrorText) line += "...";
  return line;
}

// A query's rows may hold any text. An exception that was met after the answer had begun stands at its end: after the
// marker of newer servers, or as the last line of older ones.
std::string_view exception_part(std::string_view body, AnswerTo what) {
  if (what == AnswerTo::Query) {
    const size_t marker = body.rfind("__exception__");
    if (marker != std::string_view::npos) {
      body.remove_prefix(marker);
    } else {
      const size_t end = body.find_last_not_of("\r\n");
      if (end == std::string_view::npos) return {};
      const size_t line = body.rfind('\n', end);
      body.remove_prefix(line == std::string_view::npos ? 0 : line + 1);
      if (!body.starts_with("Code: ")) return {};
    }
  }
  const size_t at = find_exception(body);
  return at == std::string_view::npos ? std::string_view() : body.substr(at);
}

}  // namespace

std::optional<int> exception_code(std::string_view text) {
  const size_t at = find_exception(text);
  if (at == std::string_view::npos) return std::nullopt;
  return number_at<int>(text.substr(at + std::string_view("Code: ").size()));
}

std::optional<uint64_t> refused_row(std::string_view text) {
  // While a row was read, or by a constraint of the table.
  for (const auto& [mark, end] : {std::pair{"(at row ", ')'}, std::pair{"is violated at row ", '.'}}) {
    const size_t at = text.rfind(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = text.substr(at + std::string_view(mark).size());
    const size_t digits = rest.find_first_not_of("0123456789");
    if (digits == std::string_view::npos || rest[digits] != end) continue;
    const auto row = number_at<uint64_t>(rest);
    if (row && *row > 0) return *row - 1;
  }
  return std::nullopt;
}

std::string_view named_setting(std::string_view text) {
  for (const std::string_view mark : {"Unknown setting ", "Setting "}) {
    const size_t at = text.find(mark);
    if (at == std::string_view::npos) continue;
    std::string_view name = text.substr(at + mark.size());
    if (!name.empty() && (name.front() == '\'' || name.front() == '`')) name.remove_prefix(1);
    return name.substr(0, name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"));
  }
  return {};
}

std::optional<ServerError> find_error(const http::Response& response, AnswerTo what) {
  const std::string_view header = response.header("x-clickhouse-exception-code");
  const bool ok = response.status == 200;
  const std::string_view exception = ok ? exception_part(response.body, what) : std::string_view(response.body);
  if (ok && header.empty() && exception.empty()) return std::nullopt;
  ServerError error;
  error.status = response.status;
  error.code = number_at<int>(header).value_or(exception_code(exception).value_or(0));
  error.row = refused_row(exception);
  error.text = one_line(exception.empty() ? std::string_view(response.body) : exception);
  if (error.text.empty()) error.text = "status " + std::to_string(response.status) + " without a text";
  return error;
}

}  // namespace freshet::clickhouse
