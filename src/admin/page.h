// The page at /, made of the files in page/. It needs no other resource, and asks the other endpoints for its data.
#pragma once

#include <string>
#include <string_view>

namespace freshet::admin {

// `endpoints`: the endpoints as HTML entries of a description list.
std::string page(std::string_view endpoints);

}  // namespace freshet::admin
