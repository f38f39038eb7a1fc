// Marks parts of a text that may quote a message: a server's error that quotes a row, an exception of a processor. A
// part is marked when it enters a text, and each output of the program decides if it shows the part.
#pragma once

#include <string>
#include <string_view>

namespace freshet {

// Marks `text`. Marks are invisible characters; marks inside `text` are removed.
std::string message_text(std::string_view text);

// The complete text without marks: for the log.
std::string with_message_texts(std::string_view text);

// Replaces each marked part by `instead`. A mark that is not closed (the text was truncated) extends to the end.
std::string without_message_texts(std::string_view text, std::string_view instead);

}  // namespace freshet
