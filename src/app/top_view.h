// The screen of `freshet top`: a table of processes, and details of the selected one. No terminal, no clock.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/process_view.h"

namespace freshet::app {

struct TerminalSize {
  size_t columns = 100;
  size_t rows = 30;
};

// Threads: one.
class TopView {
 public:
  enum class Action {
    None,
    Quit,
    Renew,  // the selected process
  };

  explicit TopView(const std::vector<std::string>& addresses);

  // By index of the address.
  ProcessView& process(size_t index) { return processes_[index]; }
  // `key`: the bytes of one key press. A renewal is an action once it was confirmed with `y`.
  Action press(std::string_view key);
  // Index of the selected address.
  size_t selected() const { return selected_; }
  // A line at the bottom, until the next key.
  void say(std::string text) { message_ = std::move(text); }

  // Lines without line feeds, at most size.rows, each at most size.columns wide.
  std::vector<std::string> render(TerminalSize size) const;
  // The table alone, for a file or a pipe; not cut.
  std::vector<std::string> table() const;

 private:
  std::vector<size_t> order() const;
  void move(int by);

  std::vector<ProcessView> processes_;
  size_t selected_ = 0;
  size_t sorted_by_ = 0;  // index of kSorts
  bool details_ = false;
  bool asks_ = false;  // whether to renew
  std::string message_;
};

}  // namespace freshet::app
