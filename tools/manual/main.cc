// freshet-manual FOLDER: writes the man pages and the shell completions of this build. The pages have the date of
// SOURCE_DATE_EPOCH, or today's.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "completion.h"
#include "man_page.h"

namespace {

std::string date() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  const std::time_t time = epoch != nullptr ? std::strtoll(epoch, nullptr, 10) : std::time(nullptr);
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(time));
}

bool write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file);
  out << text;
  out.close();
  if (!out) std::cerr << "freshet-manual: cannot write " << file << '\n';
  return static_cast<bool>(out);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace freshet::manual;
  if (argc != 2) {
    std::cerr << "usage: freshet-manual FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder(argv[1]);
  std::filesystem::create_directories(folder);
  const auto commands = command_manuals();
  const Edition edition{FRESHET_VERSION, date()};
  bool written = write(folder / "freshet.1", program_page(commands, edition));
  for (const CommandManual& command : commands) {
    written = write(folder / fmt::format("{}.1", page_name(command)), command_page(command, edition)) && written;
  }
  written = write(folder / "freshet.bash", bash_completion(commands)) && written;
  written = write(folder / "_freshet", zsh_completion(commands)) && written;
  return written ? 0 : 1;
}
