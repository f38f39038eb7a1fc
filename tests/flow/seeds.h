// Runs a random test with one seed after the other. Not a part of the product.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>

#include "decisions.h"

namespace freshet::flow {

// How many seeds a test runs with each build.
struct Seeds {
  uint64_t release = 400;
  uint64_t address_sanitizer = release;

  uint64_t of_this_build() const {
#if defined(__SANITIZE_ADDRESS__)
    return address_sanitizer;
#else
    return release;
#endif
  }
};

inline uint64_t number_in(const char* variable, uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// Calls run(seed) until one fails. The environment: FRESHET_FLOW_SEED=N repeats one seed, FRESHET_FLOW_SEEDS=N sets the
// number of seeds. `program`: the test's name, for the message that says how to repeat the failure.
template <typename Run>
void run_seeds(const char* program, const Seeds& seeds, Run run) {
  const uint64_t only = number_in("FRESHET_FLOW_SEED", 0);
  const uint64_t last = only > 0 ? only : number_in("FRESHET_FLOW_SEEDS", seeds.of_this_build());
  for (uint64_t seed = only > 0 ? only : 1; seed <= last; ++seed) {
    print_seed(seed);
    run(seed);
    if (testing::Test::HasFailure()) FAIL() << "again with FRESHET_FLOW_SEED=" << seed << " " << program;
  }
}

}  // namespace freshet::flow
