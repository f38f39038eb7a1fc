// Inner loops that take 64 characters at a time, with the instructions of the machine that the program runs on:
// programs are built for the oldest machine of their architecture.
#pragma once

#include <span>

namespace freshet::processors {

// The code for one kind of machine. A NUL, with 64 readable characters from it, must follow the text of scan_string and
// read_bytes.
struct WideScan {
  const char* name;
  // As scan_string() (json_scan.h).
  const char* (*scan_string)(const char* at, bool& ascii);
  // Reads integers from 0 to 255, each followed by a comma, with white space only before them, as far as whole blocks
  // of 64 characters have this form, up to the first character that no such list has. Returns where it stopped: at the
  // start, or after a comma. `out` moves behind what was written. It needs room for a byte for each two characters of
  // the list, and for 64 more, and any of this room may change.
  const char* (*read_bytes)(const char* at, char*& out);
  // The beginning of escape_json() (json_text.h), as far as it is fast: returns where it stopped. Reads nothing from
  // `end` on. `out` moves behind what was written. It needs room for kEscapedBytes for each byte of the text, and bytes
  // of this room behind what was written may change.
  const char* (*escape)(const char* at, const char* end, char*& out);

  // What this machine can run, the best first and "portable" last.
  static std::span<const WideScan> all();
  // Not before main().
  static const WideScan kBest;
};

}  // namespace freshet::processors
