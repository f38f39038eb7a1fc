#include "base/terminal_text.h"

namespace freshet {

std::string terminal_text(std::string text, size_t most) {
  if (text.size() > most) text.replace(most, std::string::npos, " [...]");
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are two bytes in UTF-8.
    const bool second_half = i > 0 && text[i - 1] == '\xC2' && byte >= 0x80 && byte < 0xA0;
    if (byte < 0x20 || byte == 0x7F || second_half) text[i] = ' ';
    if (second_half) text[i - 1] = ' ';
  }
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

}  // namespace freshet
