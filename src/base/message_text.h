// Parts of a text for people that may repeat what a message holds: a server's error that quotes a row, an exception of
// a processor. They are marked where they enter a text, and every way out of the program decides whether it shows them.
#pragma once

#include <string>
#include <string_view>

namespace freshet {

// Marks `text`. Marks are invisible characters; those within `text` are removed.
std::string message_text(std::string_view text);

// Everything, without the marks: for the log.
std::string with_message_texts(std::string_view text);

// `instead` stands for each marked part. A mark that is open at the end (the text was cut) reaches to the end.
std::string without_message_texts(std::string_view text, std::string_view instead);

}  // namespace freshet
