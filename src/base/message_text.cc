#include "base/message_text.h"

#include <algorithm>

namespace freshet {
namespace {

constexpr char kBegin = '\x0e';
constexpr char kEnd = '\x0f';

bool is_mark(char c) { return c == kBegin || c == kEnd; }

}  // namespace

std::string message_text(std::string_view text) { return kBegin + with_message_texts(text) + kEnd; }

std::string with_message_texts(std::string_view text) {
  std::string out(text);
  out.erase(std::remove_if(out.begin(), out.end(), is_mark), out.end());
  return out;
}

std::string without_message_texts(std::string_view text, std::string_view instead) {
  std::string out;
  while (true) {
    const size_t begin = text.find(kBegin);
    out += with_message_texts(text.substr(0, begin));
    if (begin == std::string_view::npos) return out;
    out += instead;
    const size_t end = text.find(kEnd, begin);
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

}  // namespace freshet
