// The terminal of an interactive command.
#pragma once

#include <termios.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "app/top_view.h"

namespace freshet::app {

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
  // The next key press, or nothing within `wait`. An arrow is one key press. Empty text: the input has ended.
  std::optional<std::string> key(std::chrono::milliseconds wait);

 private:
  explicit Terminal(const termios& before) : before_(before) {}
  std::string next_key();

  std::optional<termios> before_;  // none: moved from
  std::string pressed_;            // bytes of keys that arrived together with an earlier one
};

}  // namespace freshet::app
