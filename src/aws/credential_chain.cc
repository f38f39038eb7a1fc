#include "aws/credential_chain.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <utility>

#include "aws/answers.h"
#include "aws/endpoints.h"
#include "aws/shared_files.h"
#include "base/files.h"
#include "secrets/secret_command.h"

namespace freshet::aws {
namespace {

constexpr size_t kMostShared = 1 << 20;  // bytes of a shared file

// The search for credentials.
struct Search {
  const Environment& environment;
  const std::string& region;
  const std::stop_token& stop;
  std::vector<std::string> missing{};  // why the places so far have none

  std::nullopt_t absent(std::string why) {
    missing.push_back(std::move(why));
    return std::nullopt;
  }
};
using Found = std::optional<Result<Credentials>>;  // empty: nothing is configured there

std::string profile_name(const Environment& environment) {
  const std::string name = environment("AWS_PROFILE");
  return name.empty() ? "default" : name;
}

std::string shared_path(const Environment& environment, SharedFile file) {
  const bool is_config = file == SharedFile::Config;
  const std::string path = environment(is_config ? "AWS_CONFIG_FILE" : "AWS_SHARED_CREDENTIALS_FILE");
  if (!path.empty()) return path;
  const std::string home = environment("HOME");
  return home.empty() ? std::string() : home + (is_config ? "/.aws/config" : "/.aws/credentials");
}

// Retry: the text says why the file has no such profile.
Result<Profile> shared_profile(const Environment& environment, SharedFile file) {
  const std::string path = shared_path(environment, file);
  if (path.empty()) return failure(ErrorKind::Retry, "HOME is not set, so ~/.aws is not known");
  const auto text = read_file(path, kMostShared);
  if (!text) return failure(ErrorKind::Retry, path + " " + text.error().text);
  auto profile = profile_in(*text, file, profile_name(environment));
  if (profile) return *std::move(profile);
  return failure(ErrorKind::Retry, fmt::format("{} has no profile {}", path, profile_name(environment)));
}

std::string value_in(const Profile& profile, std::string_view key) {
  const auto found = profile.find(key);
  return found == profile.end() ? std::string() : found->second;
}

Found keys_of(std::string access_key, const std::string& secret_key, const std::string& session_token,
              std::string source) {
  if (access_key.empty() || secret_key.empty()) {
    return failure(ErrorKind::Retry, fmt::format("{}: an access key needs its secret access key, and the other way "
                                                 "round; set both",
                                                 source));
  }
  Credentials credentials;
  credentials.access_key = std::move(access_key);
  credentials.secret_key = secret_key;
  credentials.session_token = session_token;
  credentials.source = std::move(source);
  return credentials;
}

Found of_variables(Search& search) {
  const std::string access_key = search.environment("AWS_ACCESS_KEY_ID");
  const std::string secret_key = search.environment("AWS_SECRET_ACCESS_KEY");
  if (access_key.empty() && secret_key.empty()) return search.absent("AWS_ACCESS_KEY_ID is not set");
  return keys_of(access_key, secret_key, search.environment("AWS_SESSION_TOKEN"),
                 "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
}

Found of_web_identity(Search& search) {
  if (search.environment("AWS_WEB_IDENTITY_TOKEN_FILE").empty()) {
    return search.absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
  }
  return web_identity_credentials(search.environment, search.region, search.stop);
}

Found of_process(Search& search, const std::string& command, const std::string& where) {
  const auto output = secrets::run_command(command, search.stop);
  if (!output) {
    return failure(output.error().kind, fmt::format("credential_process of {}: {}", where, output.error().text));
  }
  auto credentials = credentials_in_json(*output);
  if (!credentials) {
    return failure(ErrorKind::Retry,
                   fmt::format("credential_process of {}: its output {}", where, credentials.error().text));
  }
  credentials->source = "credential_process of " + where;
  return credentials;
}

Found of_file(Search& search, SharedFile file) {
  const auto profile = shared_profile(search.environment, file);
  if (!profile) return search.absent(profile.error().text);
  const std::string where =
      fmt::format("{}, profile {}", shared_path(search.environment, file), profile_name(search.environment));
  const std::string access_key = value_in(*profile, "aws_access_key_id");
  const std::string secret_key = value_in(*profile, "aws_secret_access_key");
  if (!access_key.empty() || !secret_key.empty()) {
    return keys_of(access_key, secret_key, value_in(*profile, "aws_session_token"), where);
  }
  if (const std::string command = value_in(*profile, "credential_process"); !command.empty()) {
    return of_process(search, command, where);
  }
  for (const char* key : {"role_arn", "sso_session", "sso_start_url", "login_session"}) {
    if (profile->contains(key)) {
      return failure(
          ErrorKind::Retry,
          fmt::format("{}: freshet does not follow its {}; set AWS_PROFILE to a profile with keys, or to one "
                      "with credential_process = aws configure export-credentials --profile {}",
                      where, key, profile_name(search.environment)));
    }
  }
  return search.absent(where + " has no aws_access_key_id");
}

Found of_credentials_file(Search& search) { return of_file(search, SharedFile::Credentials); }
Found of_config_file(Search& search) { return of_file(search, SharedFile::Config); }

Found of_container(Search& search) {
  const auto url = container_url(search.environment);
  if (!url) return tl::make_unexpected(url.error());
  if (!*url) {
    return search.absent("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set");
  }
  return container_credentials(**url, search.environment, search.stop);
}

Found of_metadata(Search& search) {
  const auto url = metadata_url(search.environment);
  if (!url) return search.absent("AWS_EC2_METADATA_DISABLED is true");
  auto found = metadata_credentials(*url, search.stop);
  if (found || found.error().kind == ErrorKind::Stopping) return found;
  return search.absent("instance metadata: " + found.error().text);
}

}  // namespace

Environment process_environment() {
  return [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
}

Result<Credentials> find_credentials(const Environment& environment, const std::string& region,
                                     const std::stop_token& stop) {
  Search search{environment, region, stop};
  for (const auto place :
       {of_variables, of_web_identity, of_credentials_file, of_config_file, of_container, of_metadata}) {
    if (auto found = place(search)) return *std::move(found);
  }
  return failure(ErrorKind::Retry, fmt::format("no AWS credentials found: {}", fmt::join(search.missing, "; ")));
}

Result<std::string> find_region(const Environment& environment) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string region = environment(name); !region.empty()) return region;
  }
  for (const SharedFile file : {SharedFile::Config, SharedFile::Credentials}) {
    const auto profile = shared_profile(environment, file);
    if (!profile) continue;
    if (std::string region = value_in(*profile, "region"); !region.empty()) return region;
  }
  return failure(ErrorKind::Fatal,
                 fmt::format("no AWS region found: neither AWS_REGION nor AWS_DEFAULT_REGION is set, "
                             "and profile {} has none in {}",
                             profile_name(environment), shared_path(environment, SharedFile::Config)));
}

}  // namespace freshet::aws
