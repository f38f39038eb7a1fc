// Which variables of the environment a Python worker gets.
#pragma once

#include <string>
#include <vector>

namespace freshet::python_worker {

// Of `all` (NAME=VALUE): what a program needs to find its files, its modules and its language, and Snuba's own settings
// that are no secrets; and what `also` names (NAME, or NAME* for all that begin so).
std::vector<std::string> worker_environment(const std::vector<std::string>& all, const std::vector<std::string>& also);

// This process's own, as NAME=VALUE.
std::vector<std::string> own_environment();

}  // namespace freshet::python_worker
