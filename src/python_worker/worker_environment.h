// Selects the environment variables of a Python worker.
#pragma once

#include <string>
#include <vector>

namespace freshet::python_worker {

// Selects from `all` (NAME=VALUE) the variables for paths, Python modules and the locale, Snuba's settings except
// secrets, and the variables in `also` (NAME, or NAME* for all that start with NAME).
std::vector<std::string> worker_environment(const std::vector<std::string>& all, const std::vector<std::string>& also);

// The environment of this process, as NAME=VALUE.
std::vector<std::string> own_environment();

}  // namespace freshet::python_worker
