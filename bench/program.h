// What main() of every bench program does.
#pragma once

#include <exception>
#include <iostream>

namespace freshet::bench {

// Returns the exit status: 2 after printing `usage` if `parse` refuses the arguments, 1 if `run` throws.
template <typename Options, typename Run>
int run_program(int argc, char** argv, const char* usage, bool (*parse)(int, char**, Options&), Run run) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::cerr << usage;
    return 2;
  }
  try {
    run(options);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "bench: " << e.what() << '\n';
    return 1;
  }
}

}  // namespace freshet::bench
