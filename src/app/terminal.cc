#include "app/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

namespace freshet::app {
namespace {

constexpr std::string_view kOwnScreen = "\x1b[?1049h\x1b[?25l";  // and no cursor
constexpr std::string_view kUsualScreen = "\x1b[?25h\x1b[?1049l";

// What does not fit is lost: the next screen replaces it.
void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

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
  if (!pressed_.empty()) return next_key();
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (poll(&input, 1, static_cast<int>(wait.count())) <= 0) return std::nullopt;
  std::array<char, 8> bytes{};
  const ssize_t count = read(STDIN_FILENO, bytes.data(), bytes.size());
  pressed_.assign(bytes.data(), count > 0 ? static_cast<size_t>(count) : 0);
  return next_key();
}

std::string Terminal::next_key() {
  constexpr size_t kArrow = 3;  // ESC [ A
  const std::string key = pressed_.substr(0, pressed_.starts_with("\x1b[") ? kArrow : 1);
  pressed_.erase(0, key.size());
  return key;
}

}  // namespace freshet::app
