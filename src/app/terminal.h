// The terminal of an interactive command.
#pragma once

#include <termios.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/top_view.h"

namespace freshet::app {

// The number of bytes of the first key press: 1, or those of a control sequence (ESC [ ...) up to its final byte. 0: it
// is not complete, or there is none.
size_t first_key(std::string_view pressed);

// Keys come without Enter and are not shown, and the command has its own screen, until the object is gone. Threads:
// one.
class Terminal {
 public:
  // nullopt: standard input and output are not both a terminal.
  static std::optional<Terminal> open();
  ~Terminal();
  Terminal(Terminal&& other) noexcept;
  Terminal& operator=(Terminal&&) = delete;

  TerminalSize size() const;
  void show(const std::vector<std::string>& lines);
  // The next key press, or nothing within `wait`. An arrow is one key press, with Ctrl or Shift, too. Empty text: the
  // input has ended.
  std::optional<std::string> key(std::chrono::milliseconds wait);

 private:
  explicit Terminal(const termios& before) : before_(before) {}
  // False: nothing within `wait`. True with no more bytes: the input has ended.
  bool read_more(std::chrono::milliseconds wait);

  std::optional<termios> before_;  // none: moved from
  std::string pressed_;            // bytes of keys that arrived together with an earlier one
};

}  // namespace freshet::app
