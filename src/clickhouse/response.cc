#include "clickhouse/response.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "clickhouse/error_codes.h"
#include "http/reason_phrase.h"

namespace freshet::clickhouse {
namespace {

constexpr size_t kMaxHeaderText = 200;
constexpr size_t kMaxForeignBody = 200;

template <typename Number>
std::optional<Number> number_at(std::string_view text) {
  Number n{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  return n;
}

// The position of a "Code: N" that is followed by the text of an exception, or npos.
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

void append_line(std::string& line, std::string_view text) {
  for (const char c : text) {
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    if (control && (line.empty() || line.back() == ' ')) continue;
    line.push_back(control ? ' ' : c);
  }
}

// One line of printable text without the ", e.what() = ..." tail of old servers. A long text is shortened in the middle
// because its end tells where the server failed.
std::string one_line(std::string_view text) {
  constexpr std::string_view kTail = ", e.what() = ";
  constexpr std::string_view kCut = " ... ";
  constexpr size_t kEnd = 500;
  text = text.substr(0, text.rfind(kTail));
  std::string line;
  if (text.size() <= kMaxErrorText) {
    append_line(line, text);
  } else {
    append_line(line, text.substr(0, kMaxErrorText - kEnd - kCut.size()));
    line += kCut;
    append_line(line, text.substr(text.size() - kEnd));
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

// Rows of a query may contain any text. An exception that occurs after the response has started is at its end: after a
// marker (newer servers) or in the last line (older servers).
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

bool from_clickhouse(const http::Response& response) {
  const auto first = response.headers.lower_bound("x-clickhouse-");
  return first != response.headers.end() && first->first.starts_with("x-clickhouse-");
}

// Headers that help an operator identify the service that answered.
std::string who_answered(const http::Response& response) {
  const auto named = [&](const char* what, std::string_view header) {
    const std::string_view value = response.header(header);
    return value.empty() ? std::string() : fmt::format(", {} \"{}\"", what, one_line(value.substr(0, kMaxHeaderText)));
  };
  const std::string_view reason = http::reason_phrase(response.status);
  const std::string body = one_line(std::string_view(response.body).substr(0, kMaxForeignBody));
  return fmt::format(
      "status {}{}{}{}{}{}, {}", response.status, reason.empty() ? "" : " ", reason, named("server", "server"),
      named("content type", "content-type"), named("location", "location"),
      response.body.empty() ? std::string("no body") : fmt::format("body of {} bytes: {}", response.body.size(), body));
}

}  // namespace

std::optional<int> exception_code(std::string_view text) {
  const size_t at = find_exception(text);
  if (at == std::string_view::npos) return std::nullopt;
  return number_at<int>(text.substr(at + std::string_view("Code: ").size()));
}

std::optional<uint64_t> rejected_row(std::string_view text) {
  // From reading a row, or from a constraint of the table.
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

ErrorPlace error_place(std::string_view text) {
  constexpr std::string_view kException = "DB::Exception: ";
  const size_t begin = text.find(kException);
  if (begin != std::string_view::npos && text.substr(begin + kException.size()).starts_with("Received from ")) {
    return ErrorPlace::Shard;
  }
  // The message may quote anything from a row; what the server says about the place follows it.
  constexpr std::pair<std::string_view, ErrorPlace> kMarks[] = {
      {"(at row ", ErrorPlace::Input},
      {"is violated at row ", ErrorPlace::Input},
      {"(while read the value of key ", ErrorPlace::Input},
      {"(while reading the value of key ", ErrorPlace::Input},
      {"while executing 'FUNCTION ", ErrorPlace::Expression},
      {"from String, because value is too short", ErrorPlace::Expression},
      {"while pushing to view ", ErrorPlace::View},
      {"while write prefix to view ", ErrorPlace::View},  // servers before 21.8; so is the next one
      {"while writing suffix to view ", ErrorPlace::View},
  };
  ErrorPlace place = ErrorPlace::Unknown;
  size_t last = 0;
  for (const auto& [mark, meaning] : kMarks) {
    const size_t at = text.rfind(mark);
    if (at == std::string_view::npos || (place != ErrorPlace::Unknown && at < last)) continue;
    // A closing quote after the mark means that the mark is part of a quoted value.
    if (meaning == ErrorPlace::View && text.find('\'', at) != std::string_view::npos) continue;
    last = at;
    place = meaning;
  }
  // The text names the processor that failed, whatever it was doing.
  if (place == ErrorPlace::Unknown && text.find("InputFormat") != std::string_view::npos) return ErrorPlace::Input;
  return place;
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
  ServerError error;
  error.status = response.status;
  if (!from_clickhouse(response)) {
    error.foreign = true;
    error.text = "the answer is not ClickHouse's (no X-ClickHouse-* header): " + who_answered(response);
    return error;
  }
  constexpr std::string_view kCode = "x-clickhouse-exception-code";
  std::string_view header = response.header(kCode);
  // The server failed after it had started to respond.
  if (const auto late = response.trailers.find(kCode); late != response.trailers.end()) header = late->second;
  const bool ok = response.status == 200;
  const std::string_view exception = ok ? exception_part(response.body, what) : std::string_view(response.body);
  const bool has_what_belongs = what == AnswerTo::Query || response.body.empty();
  if (ok && header.empty() && exception.empty() && has_what_belongs) return std::nullopt;
  error.code = number_at<int>(header).value_or(exception_code(exception).value_or(0));
  error.place = error_place(exception);
  if (error.place == ErrorPlace::Input) error.row = rejected_row(exception);
  error.text = error.code != 0 ? one_line(exception) : "no exception of ClickHouse: " + who_answered(response);
  if (error.text.empty()) {
    const ErrorCode* known = find_error_code(error.code);
    error.text = fmt::format("exception {} {}without a text", error.code,
                             known != nullptr ? fmt::format("({}) ", known->name) : "");
  }
  return error;
}

}  // namespace freshet::clickhouse
