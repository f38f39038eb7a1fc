#include "aws/shared_profile.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/files.h"

namespace freshet::aws {
namespace {

constexpr size_t kMostShared = 1 << 20;  // bytes of a shared file
// AWS's tools are told by this name to use no file.
constexpr std::string_view kNoFile = "/dev/null";

const char* variable_of(SharedFile file) {
  return file == SharedFile::Config ? "AWS_CONFIG_FILE" : "AWS_SHARED_CREDENTIALS_FILE";
}

// A variable in the file of a service or a container is not expanded by a shell.
std::string expanded(std::string path, const std::string& home) {
  return path.starts_with("~/") && !home.empty() ? home + path.substr(1) : std::move(path);
}

bool is_named(const Environment& environment, SharedFile file) {
  const std::string path = environment(variable_of(file));
  return !path.empty() && path != kNoFile;
}

// Empty: HOME is not set.
std::string shared_path(const Environment& environment, SharedFile file) {
  const std::string home = environment("HOME");
  const std::string path = environment(variable_of(file));
  if (!path.empty()) return expanded(path, home);
  if (home.empty()) return {};
  return home + (file == SharedFile::Config ? "/.aws/config" : "/.aws/credentials");
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

Result<SharedProfile::Part> read_part(const Environment& environment, SharedFile file, const std::string& name) {
  SharedProfile::Part part;
  part.path = shared_path(environment, file);
  if (part.path.empty()) {
    part.missing = "HOME is not set, so ~/.aws is not known";
    return part;
  }
  const bool named = is_named(environment, file);
  const auto text = read_file(part.path, kMostShared);
  if (!text) {
    const std::string why = part.path + " " + text.error().text;
    if (named) return failure(ErrorKind::Retry, fmt::format("{}: {}", variable_of(file), why));
    if (exists(part.path)) return failure(ErrorKind::Retry, why);
    part.missing = why;
    return part;
  }
  auto profile = profile_in(*text, file, name);
  if (profile) {
    part.values = *std::move(profile);
  } else {
    part.missing = fmt::format("{} has no profile {}", part.path, name);
  }
  return part;
}

// The variable that asks for a profile or for files with one. Empty: none.
std::string profile_variable(const Environment& environment) {
  for (const char* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (!environment(name).empty()) return name;
  }
  for (const SharedFile file : {SharedFile::Credentials, SharedFile::Config}) {
    if (is_named(environment, file)) return variable_of(file);
  }
  return {};
}

// AWS's tools do not agree on which one they prefer.
Result<std::string> profile_name(const Environment& environment) {
  const std::string name = environment("AWS_PROFILE");
  const std::string other = environment("AWS_DEFAULT_PROFILE");
  if (!name.empty() && !other.empty() && name != other) {
    return failure(ErrorKind::Retry,
                   fmt::format("AWS_PROFILE is {}, and AWS_DEFAULT_PROFILE is {}; set one of them", name, other));
  }
  if (!name.empty()) return name;
  return other.empty() ? "default" : other;
}

}  // namespace

std::string SharedProfile::value(std::string_view key) const {
  for (const Part* part : {&credentials, &config}) {
    if (const auto found = part->values.find(key); found != part->values.end()) return found->second;
  }
  return {};
}

bool SharedProfile::has(std::string_view key) const {
  return credentials.values.contains(key) || config.values.contains(key);
}

std::string SharedProfile::place_of(std::string_view key) const {
  const Part& part = credentials.values.contains(key) ? credentials : config;
  return fmt::format("{}, profile {}", part.path, name);
}

Result<SharedProfile> read_shared_profile(const Environment& environment) {
  auto name = profile_name(environment);
  if (!name) return tl::make_unexpected(name.error());
  auto credentials = read_part(environment, SharedFile::Credentials, *name);
  if (!credentials) return tl::make_unexpected(credentials.error());
  auto config = read_part(environment, SharedFile::Config, *name);
  if (!config) return tl::make_unexpected(config.error());
  SharedProfile profile{*std::move(name), *std::move(credentials), *std::move(config)};
  const std::string variable = profile_variable(environment);
  if (profile.absent() && !variable.empty()) {
    return failure(ErrorKind::Retry,
                   fmt::format("{} is set, but {}; {}", variable, profile.credentials.missing, profile.config.missing));
  }
  return profile;
}

}  // namespace freshet::aws
