#include "testkit/http_wire.h"

#include <algorithm>
#include <charconv>

namespace freshet::testkit {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

size_t number(std::string_view text, int base) {
  size_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n, base);
  return n;
}

std::string decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out.push_back(static_cast<char>(number(text.substr(i + 1, 2), 16)));
      i += 2;
    } else {
      out.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return out;
}

void parse_head(WireMessage& message) {
  std::string_view rest = message.head;
  bool first = true;
  for (size_t end = rest.find("\r\n"); end != std::string_view::npos && end > 0; end = rest.find("\r\n")) {
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (first) {
      message.start_line = line;
      first = false;
      continue;
    }
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const size_t value = line.find_first_not_of(' ', colon + 1);
    message.headers[lower(line.substr(0, colon))] = value == std::string_view::npos ? "" : line.substr(value);
  }
}

}  // namespace

bool WireReader::read_head(WireMessage& message) {
  message = WireMessage();
  size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return false;
  }
  message.head = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  parse_head(message);
  return true;
}

bool WireReader::read_body(WireMessage& message, size_t limit) {
  const auto encoding = message.headers.find("transfer-encoding");
  if (encoding != message.headers.end() && lower(encoding->second) == "chunked") return read_chunked(message);
  const auto length = message.headers.find("content-length");
  const size_t size = std::min(limit, length == message.headers.end() ? 0 : number(length->second, 10));
  while (buffer_.size() < size) {
    if (!fill()) return false;
  }
  message.body = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return true;
}

bool WireReader::read_chunked(WireMessage& message) {
  while (true) {
    size_t line = 0;
    while ((line = buffer_.find("\r\n")) == std::string::npos) {
      if (!fill()) return false;
    }
    const size_t size = number(std::string_view(buffer_).substr(0, line), 16);
    const size_t whole = line + 2 + size + 2;
    while (buffer_.size() < whole) {
      if (!fill()) return false;
    }
    message.body += buffer_.substr(0, whole);
    buffer_.erase(0, whole);
    if (size == 0) return true;
  }
}

std::map<std::string, std::string> parse_query(std::string_view query) {
  std::map<std::string, std::string> out;
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    out[decode(pair.substr(0, equals))] = decode(value);
  }
  return out;
}

}  // namespace freshet::testkit
