#include "app/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace freshet::app {
namespace {

constexpr std::string_view kOwnScreen = "\x1b[?1049h\x1b[?25l";  // and no cursor
constexpr std::string_view kUsualScreen = "\x1b[?25h\x1b[?1049l";

constexpr size_t kLongestKey = 32;
constexpr std::chrono::milliseconds kRestOfKey(50);  // of a key that arrives in parts

// What does not fit is lost: the next screen replaces it.
void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

size_t first_key(std::string_view pressed) {
  if (!pressed.starts_with("\x1b[")) return pressed.empty() ? 0 : 1;
  const auto is_final = [](char c) { return c >= 0x40 && c <= 0x7E; };
  const auto* const end = std::find_if(pressed.begin() + 2, pressed.end(), is_final);
  return end == pressed.end() ? 0 : static_cast<size_t>(end - pressed.begin()) + 1;
}

std::optional<Terminal> Terminal::open() {
  termios before{};
  if (isatty(STDOUT_FILENO) == 0 || tcgetattr(STDIN_FILENO, &before) != 0) return std::nullopt;
  termios raw = before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);  // Ctrl-C is a key, which ends the command in order
  if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) != 0) return std::nullopt;
  put(kOwnScreen);
  return Terminal(before);
}

Terminal::Terminal(Terminal&& other) noexcept : before_(std::exchange(other.before_, std::nullopt)) {}

Terminal::~Terminal() {
  if (!before_) return;
  put(kUsualScreen);
  tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
}

TerminalSize Terminal::size() const {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

void Terminal::show(const std::vector<std::string>& lines) {
  std::string out = "\x1b[H";
  for (size_t i = 0; i < lines.size(); ++i) out += (i > 0 ? "\r\n" : "") + lines[i] + "\x1b[K";
  put(out + "\x1b[J");
}

std::optional<std::string> Terminal::key(std::chrono::milliseconds wait) {
  if (pressed_.empty() && !read_more(wait)) return std::nullopt;
  while (first_key(pressed_) == 0 && pressed_.size() < kLongestKey) {
    const size_t before = pressed_.size();
    if (!read_more(kRestOfKey) || pressed_.size() == before) break;
  }
  const size_t length = first_key(pressed_);
  std::string key = pressed_.substr(0, length > 0 ? length : pressed_.size());
  pressed_.erase(0, key.size());
  return key;
}

bool Terminal::read_more(std::chrono::milliseconds wait) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (poll(&input, 1, static_cast<int>(wait.count())) <= 0) return false;
  std::array<char, kLongestKey> bytes{};
  const ssize_t count = read(STDIN_FILENO, bytes.data(), bytes.size());
  if (count > 0) pressed_.append(bytes.data(), static_cast<size_t>(count));
  return true;
}

}  // namespace freshet::app
