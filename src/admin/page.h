// The page at /: everything is in it, and it asks /status every second.
#pragma once

#include <string>
#include <string_view>

namespace freshet::admin {

// `endpoints`: HTML, what can be asked for, as the entries of a description list.
std::string page(std::string_view endpoints);

}  // namespace freshet::admin
