// Reads a secret from where it comes from.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "base/files.h"
#include "base/result.h"
#include "secrets/secret.h"

namespace freshet::secrets {

// `from`: FILE or exec:COMMAND. Removes line ends at the end. Errors as read_secret() and run_command(), as predicates:
// "is empty", "cannot be read: ...". Threads: any.
Result<Secret> read_from(const std::string& from, SecretForm form = SecretForm::OneLine,
                         const std::stop_token& stop = {});

// `from` for people: without the arguments of a command, which may hold secrets.
std::string shown_source(const std::string& from);

// Detects a replaced or modified file without reading it, also behind symbolic links that are swapped as a whole, as
// Kubernetes does.
struct FileVersion {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size = -1;
  int64_t changed_ns = 0;
  bool operator==(const FileVersion&) const = default;
};
// FileVersion() if there is no such file.
FileVersion version_of(const std::string& path);

}  // namespace freshet::secrets
