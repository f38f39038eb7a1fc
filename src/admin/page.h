// The self-contained page at /, which polls /status every second.
#pragma once

#include <string>
#include <string_view>

namespace freshet::admin {

// `endpoints`: the endpoints as HTML entries of a description list.
std::string page(std::string_view endpoints);

}  // namespace freshet::admin
