// Arbitrary text as a settings file: it is loaded, or refused with reasons.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "settings/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  static const std::string path = "/tmp/freshet-settings-fuzz-" + std::to_string(getpid());
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto loaded = settings::load("run", {"--config", path}, {});
  unlink(path.c_str());
  if (!loaded && loaded.error().empty()) std::abort();
  if (loaded && settings::to_yaml(*loaded).empty()) std::abort();
  return 0;
}
