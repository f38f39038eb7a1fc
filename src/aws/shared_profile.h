// The profile of AWS's tools in the two files that they share.
#pragma once

#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "aws/shared_files.h"
#include "base/result.h"

namespace freshet::aws {

struct SharedProfile {
  struct Part {
    std::string path;
    Profile values;
    std::string missing;  // why the file has no such profile; empty: it has one
  };
  std::string name;
  Part credentials;
  Part config;

  // A value of the credentials file is taken before one of the config file. Empty: neither has the key.
  std::string value(std::string_view key) const;
  bool has(std::string_view key) const;
  // For people: "~/.aws/config, profile team". The file that has `key`.
  std::string place_of(std::string_view key) const;
  // Neither file has the profile.
  bool absent() const { return !credentials.missing.empty() && !config.missing.empty(); }
};

// Reads the profile AWS_PROFILE, or else AWS_DEFAULT_PROFILE, or else `default`. That nobody has such files, or a
// profile `default` in them, is no error. Retry: a file cannot be read, or a variable names a file or a profile that
// does not exist: what stands there may be the credentials that the operator means. Blocks at most as read_file().
// Threads: any.
Result<SharedProfile> read_shared_profile(const Environment& environment);

}  // namespace freshet::aws
