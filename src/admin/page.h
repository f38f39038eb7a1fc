// The page at /: everything is in it, and it asks /status every second.
#pragma once

#include <string_view>

namespace freshet::admin {

extern const std::string_view kPage;

}  // namespace freshet::admin
