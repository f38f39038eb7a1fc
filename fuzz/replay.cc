// usage: fuzz-replay NAME FOLDER
//
// Runs the fuzz target NAME once on every file of the folder, without libFuzzer. All targets are in this one program,
// because linking one for each took longer than compiling them.
#include "replay.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

using freshet::fuzz::kTargets;

freshet::fuzz::Run* run_of(std::string_view name) {
  for (const auto& target : kTargets) {
    if (target.name == name) return target.run;
  }
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  freshet::fuzz::Run* const run = argc == 3 ? run_of(argv[1]) : nullptr;
  if (run == nullptr) {
    std::fprintf(stderr, "usage: fuzz-replay NAME FOLDER; NAME is that of a file fuzz/NAME_fuzz.cc\n");
    return 2;
  }
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[2])) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    run(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    ++files;
  }
  std::printf("%zu inputs\n", files);
  return files > 0 ? 0 : 1;
}
