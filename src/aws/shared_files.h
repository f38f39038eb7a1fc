// The files that AWS's tools share: ~/.aws/credentials and ~/.aws/config.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace freshet::aws {

// Config: the heading of every profile but the default one is [profile NAME].
enum class SharedFile { Credentials, Config };

using Profile = std::map<std::string, std::string, std::less<>>;  // values by lower-case key

// The profile `name` in the text of a file; empty: it has none. Lines that are no setting of it are skipped, and so are
// nested settings (indented lines). Threads: any.
std::optional<Profile> profile_in(std::string_view text, SharedFile file, std::string_view name);

}  // namespace freshet::aws
