// `freshet process`: tries a processor without servers. One case a line in, one answer a line out.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "ports/processor.h"

namespace freshet::app {

// One input line to one output line (without line feed); never throws. A line that is no case gives
// {"error": "..."}.
std::string process_line(Processor& processor, std::string_view topic, std::string_view line);

// Reads cases from `in` until its end. Returns the exit status: 0, or 1 when a line was no case.
int process_all(Processor& processor, std::string_view topic, std::istream& in, std::ostream& out);

}  // namespace freshet::app
