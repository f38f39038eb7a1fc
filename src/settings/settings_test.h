// Helpers: the minimal arguments of `freshet run`, and a settings file.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "settings/settings.h"

namespace freshet::settings {

using Args = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

inline Args least(Args more = {}) {
  Args args = {"--bootstrap-server", "h:9092",        "--topic", "t",  "--consumer-group", "g",
               "--clickhouse-url",   "http://c:8123", "--table", "d.t"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

struct File {
  explicit File(const std::string& text)
      : path((std::filesystem::temp_directory_path() /
              ("freshet-settings-" + std::to_string(getpid()) + "-" + std::to_string(++made)))
                 .string()) {
    std::ofstream(path) << text;
    std::filesystem::permissions(path, std::filesystem::perms(0600));
  }
  ~File() { std::filesystem::remove(path); }
  static inline int made = 0;
  const std::string path;
};

inline Loaded good(const Args& args, const Environment& environment = {}) {
  auto loaded = load("run", args, environment);
  if (!loaded) {
    for (const auto& refusal : loaded.error()) ADD_FAILURE() << refusal;
    return {};
  }
  return *loaded;
}

inline std::string refused(const Args& args, const Environment& environment = {}) {
  const auto loaded = load("run", args, environment);
  if (loaded) return "";
  std::string all;
  for (const auto& refusal : loaded.error()) all += refusal + "\n";
  return all;
}

}  // namespace freshet::settings
