// soak-faults [--faults N] [--seed S] [--every SECONDS] [--only KIND]... [--delivery at-least-once|exactly-once]
//   [--logs FOLDER] [--list]
//
// Runs two or three members of a consumer group under a steady load and N faults, then the verifier. See ./dev soak
// --help.
#include <fmt/format.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <random>
#include <string>

#include "fault_list.h"
#include "fault_run.h"

namespace {

using namespace freshet::faults;

constexpr const char* kUsage =
    "usage: soak-faults [--faults N] [--seed S] [--every SECONDS] [--only KIND]...\n"
    "                   [--delivery at-least-once|exactly-once] [--logs FOLDER] [--list]\n";

// False if it is not understood.
bool parse(int argc, char** argv, RunOptions& options, bool& list) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--list") {
      list = true;
      continue;
    }
    if (i + 1 >= argc) return false;
    const std::string value = argv[++i];
    if (flag == "--faults") {
      options.run.faults = std::strtoull(value.c_str(), nullptr, 10);
    } else if (flag == "--seed") {
      options.run.seed = std::strtoull(value.c_str(), nullptr, 10);
    } else if (flag == "--every") {
      options.run.every = std::chrono::milliseconds(static_cast<int64_t>(std::strtod(value.c_str(), nullptr) * 1000));
    } else if (flag == "--delivery" && (value == "at-least-once" || value == "exactly-once")) {
      options.delivery = value;
    } else if (const auto kind = find_kind(value); flag == "--only" && kind) {
      options.run.only.push_back(*kind);
    } else if (flag == "--logs") {
      options.logs = value;
    } else {
      return false;
    }
  }
  return options.run.faults > 0 && options.run.every.count() > 0;
}

}  // namespace

int main(int argc, char** argv) {
  RunOptions options;
  options.run.seed = std::random_device{}() % 1'000'000;
  bool list = false;
  if (!parse(argc, argv, options, list)) {
    std::cerr << kUsage;
    return 2;
  }
  if (list) {
    const Group group = group_of(options.run.seed);
    std::cout << group.text() << '\n';
    for (const Fault& fault : faults_of(options.run, group)) std::cout << fault.text() << '\n';
    return 0;
  }
  try {
    return FaultRun(options).run() ? 0 : 1;
  } catch (const std::exception& e) {
    std::cerr << "seed " << options.run.seed << ": " << e.what() << '\n';
    return 2;
  }
}
