// Reads files that an operator names, so that nothing at their path can block or fill the process.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet {

constexpr size_t kMaxSettingsFile = 16 << 20;  // settings, schemas, live options
constexpr size_t kMaxSecretFile = 1 << 20;     // passwords, tokens, certificates, keys

// Reads a file, a link to one, or a pipe (`<(command)` of a shell). ErrorKind::Retry: it cannot be read, has more than
// `most` bytes, or is a pipe whose writer does not finish within two seconds. The error text is a predicate without the
// path: "cannot be read: Permission denied". Threads: any.
Result<std::string> read_file(const std::string& path, size_t most = kMaxSettingsFile);

enum class SecretForm { OneLine, Lines };  // Lines: a PEM key or certificate may span several lines
// Reads a secret and removes trailing line ends. ErrorKind::Retry: as read_file(), or if it is empty or not of the
// form.
Result<std::string> read_secret(const std::string& path, SecretForm form = SecretForm::OneLine);
// The same for a text that was read elsewhere.
Result<std::string> as_secret(std::string text, SecretForm form = SecretForm::OneLine);
// True if it contains no line break or other control character; HTTP headers and logins accept none.
bool is_one_line(std::string_view text);

// For files that a library opens by path and could block on: Ok if it is a readable regular file, or a link to one.
Status check_regular_file(const std::string& path);

// Sets the modification time to now, and creates the file if it does not exist. Never opens an existing file, so a link
// or pipe in its place has no effect.
Status touch_file(const std::string& path);

struct Exposure {
  std::string_view who;   // "can be read by every user"
  std::string_view mode;  // for chmod; afterwards the file has no exposure, and who else was meant to read it still can
};
// Who other than the owner may read or change a file with a secret. nullopt: nobody, or the file does not exist. A file
// of root whose group is another than that of root is meant to be read by that group.
std::optional<Exposure> exposure_of(const std::string& path);
struct FileAccess {
  uid_t owner;
  gid_t group;
  mode_t mode;
};
// The same for a regular file with this owner, group and mode, in a process of the user `self`.
std::optional<Exposure> exposure_of(const FileAccess& file, uid_t self);

// Opens /dev/null for each closed descriptor among 0, 1 and 2; otherwise the next file or socket would get that number
// and receive the log. Call it first in a program. False if there is no /dev/null.
bool open_standard_descriptors() noexcept;

}  // namespace freshet
