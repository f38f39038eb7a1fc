// Arbitrary text as a settings file: it is loaded, or refused with reasons.
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "settings/settings.h"

namespace {

// The commands of a random file must not run.
bool names_command(const YAML::Node& node) {
  if (node.IsScalar()) return node.Scalar().find("exec:") != std::string::npos;
  if (node.IsSequence())
    return std::any_of(node.begin(), node.end(), [](const auto& one) { return names_command(one); });
  return node.IsMap() && std::any_of(node.begin(), node.end(), [](const auto& one) {
           return names_command(one.first) || names_command(one.second);
         });
}

bool names_command(const std::string& text) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    return std::any_of(documents.begin(), documents.end(), [](const YAML::Node& one) { return names_command(one); });
  } catch (const YAML::Exception&) {
    return false;  // and no settings
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace freshet;
  if (names_command(std::string(reinterpret_cast<const char*>(data), size))) return 0;
  static const std::string path = "/tmp/freshet-settings-fuzz-" + std::to_string(getpid());
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto loaded = settings::load("run", {"--config", path}, {});
  unlink(path.c_str());
  if (!loaded && loaded.error().empty()) std::abort();
  if (loaded && settings::to_yaml(*loaded).empty()) std::abort();
  return 0;
}
