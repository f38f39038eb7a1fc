#include "aws/credential_chain.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "aws/answers.h"
#include "aws/aws_settings.h"
#include "aws/credential_check.h"
#include "aws/endpoints.h"
#include "aws/shared_profile.h"
#include "secrets/secret_command.h"

namespace freshet::aws {
namespace {

struct Search {
  const CredentialSearch& asked;
  const std::stop_token& stop;
  std::vector<std::string> missing{};  // why the places so far have none

  std::string variable(const char* name) const { return asked.environment(name); }
  std::nullopt_t absent(std::string why) {
    missing.push_back(std::move(why));
    return std::nullopt;
  }
};
using Found = std::optional<Result<Credentials>>;  // empty: nothing is configured there

Found checked_keys(const std::array<std::string, 3>& parts, const PartNames& names) {
  Credentials credentials;
  credentials.access_key = parts[0];
  credentials.secret_key = parts[1];
  credentials.session_token = parts[2];
  return checked(std::move(credentials), names);
}

Found of_variables(Search& search) {
  const std::string access_key = search.variable("AWS_ACCESS_KEY_ID");
  const std::string secret_key = search.variable("AWS_SECRET_ACCESS_KEY");
  if (access_key.empty() && secret_key.empty()) return search.absent("AWS_ACCESS_KEY_ID is not set");
  auto found = checked_keys({access_key, secret_key, search.variable("AWS_SESSION_TOKEN")}, kVariableNames);
  if (*found) (*found)->source = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
  return found;
}

Found of_web_identity(Search& search) {
  if (search.variable("AWS_WEB_IDENTITY_TOKEN_FILE").empty()) {
    return search.absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
  }
  return web_identity_credentials(search.asked.environment, search.asked.region, search.stop);
}

Result<Credentials> of_process(const Search& search, const std::string& command, const std::string& where) {
  const auto output = secrets::run_command(command, search.stop);
  if (!output) {
    return failure(output.error().kind == ErrorKind::Stopping ? ErrorKind::Stopping : ErrorKind::Retry,
                   fmt::format("credential_process of {}: {}", where, output.error().text));
  }
  auto credentials = credentials_in_json(*output);
  if (!credentials) {
    return failure(ErrorKind::Retry,
                   fmt::format("credential_process of {}: its output {}", where, credentials.error().text));
  }
  credentials->source = "credential_process of " + where;
  return credentials;
}

// Empty: the file has no keys.
Found keys_of(const SharedProfile& profile, const SharedProfile::Part& part) {
  std::array<std::string, 3> parts;
  const std::array names = {kProfileNames.access_key, kProfileNames.secret_key, kProfileNames.session_token};
  for (size_t i = 0; i < names.size(); ++i) {
    if (const auto found = part.values.find(names[i]); found != part.values.end()) parts[i] = found->second;
  }
  if (parts[0].empty() && parts[1].empty()) return std::nullopt;
  const std::string where = fmt::format("{}, profile {}", part.path, profile.name);
  auto found = checked_keys(parts, kProfileNames);
  if (*found) {
    (*found)->source = where;
  } else {
    found->error().text = fmt::format("{}: {}", where, found->error().text);
  }
  return found;
}

// The first of `keys` that the profile has is a kind of login that this program does not know.
template <size_t N>
Found refusal_of(const SharedProfile& profile, const std::array<const char*, N>& keys) {
  for (const char* key : keys) {
    if (!profile.has(key)) continue;
    return failure(ErrorKind::Retry,
                   fmt::format("{}: freshet does not follow its {}; set AWS_PROFILE to a profile with keys, or to one "
                               "with credential_process = aws configure export-credentials --profile {}",
                               profile.place_of(key), key, profile.name));
  }
  return std::nullopt;
}

// In the order of AWS's tools: a role or a sign-in of the profile is taken before its keys, and a process before the
// keys of the config file.
Found in_profile(const Search& search, const SharedProfile& profile) {
  constexpr std::array kBeforeKeys = {"role_arn", "web_identity_token_file", "sso_account_id", "sso_role_name"};
  constexpr std::array kBeforeProcess = {"login_session"};
  constexpr std::array kLast = {"sso_session", "sso_start_url"};
  if (auto refused = refusal_of(profile, kBeforeKeys)) return refused;
  if (auto keys = keys_of(profile, profile.credentials)) return keys;
  if (auto refused = refusal_of(profile, kBeforeProcess)) return refused;
  if (profile.has("credential_process")) {
    return of_process(search, profile.value("credential_process"), profile.place_of("credential_process"));
  }
  if (auto keys = keys_of(profile, profile.config)) return keys;
  return refusal_of(profile, kLast);
}

std::string why_absent(const SharedProfile& profile) {
  if (profile.absent()) return fmt::format("{}; {}", profile.credentials.missing, profile.config.missing);
  const SharedProfile::Part& part = profile.credentials.missing.empty() ? profile.credentials : profile.config;
  return fmt::format("{}, profile {} has no aws_access_key_id", part.path, profile.name);
}

Found of_profile(Search& search) {
  const auto profile = read_shared_profile(search.asked.environment);
  if (!profile) return tl::make_unexpected(profile.error());
  if (auto found = in_profile(search, *profile)) {
    if (*found) (*found)->of_profile = true;
    return found;
  }
  if (!search.asked.profile_had_credentials) return search.absent(why_absent(*profile));
  return failure(ErrorKind::Retry, fmt::format("{}, where the last credentials came from; restart freshet to take "
                                               "those of another place",
                                               why_absent(*profile)));
}

Found of_container(Search& search) {
  const auto url = container_url(search.asked.environment);
  if (!url) return tl::make_unexpected(url.error());
  if (!*url) {
    return search.absent("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set");
  }
  return container_credentials(**url, search.asked.environment, search.stop);
}

Found of_metadata(Search& search) {
  const auto url = metadata_url(search.asked.environment);
  if (!url) return search.absent("AWS_EC2_METADATA_DISABLED is true");
  auto found = metadata_credentials(*url, search.stop);
  if (found || found.error().kind == ErrorKind::Stopping) return found;
  return search.absent("instance metadata: " + found.error().text);
}

Result<std::string> checked_region(std::string region, const std::string& source) {
  const std::string fault = region_fault(region);
  if (fault.empty()) return region;
  return failure(ErrorKind::Fatal, fmt::format("{}: {} {}", source, region, fault));
}

}  // namespace

Environment process_environment() {
  return [](const char* name) {
    const char* value = std::getenv(name);
    std::string text(value == nullptr ? "" : value);
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return text;
  };
}

Result<Credentials> find_credentials(const CredentialSearch& asked, const std::stop_token& stop) {
  Search search{asked, stop};
  for (const auto place : {of_variables, of_web_identity, of_profile, of_container, of_metadata}) {
    if (auto found = place(search)) return *std::move(found);
  }
  return failure(ErrorKind::Retry, fmt::format("no AWS credentials found: {}", fmt::join(search.missing, "; ")));
}

Result<std::string> find_region(const Environment& environment) {
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (std::string region = environment(name); !region.empty()) return checked_region(std::move(region), name);
  }
  const auto profile = read_shared_profile(environment);
  if (!profile) return tl::make_unexpected(profile.error());
  if (profile->has("region")) return checked_region(profile->value("region"), profile->place_of("region"));
  return failure(ErrorKind::Fatal,
                 fmt::format("no AWS region found: neither AWS_REGION nor AWS_DEFAULT_REGION is set, and profile {} "
                             "has none in {}",
                             profile->name, profile->config.path));
}

}  // namespace freshet::aws
