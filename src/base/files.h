// Files that an operator names, read so that nothing which stands at their path can hang or fill the process.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freshet {

constexpr size_t kMaxSettingsFile = 16 << 20;  // settings, schemas, live options
constexpr size_t kMaxSecretFile = 1 << 20;     // passwords, tokens, certificates, keys

// The content of a file, a link to one, or a pipe (`<(command)` of a shell). Retry: it cannot be read; it holds more
// than `most` bytes; it is a pipe whose writer does not finish within two seconds. The error's text is a predicate
// without the path: "cannot be read: Permission denied". Threads: any.
Result<std::string> read_file(const std::string& path, size_t most = kMaxSettingsFile);

enum class SecretForm { OneLine, Lines };  // Lines: a key or a certificate as PEM may be among them
// A secret: what the file holds, without the line ends behind it. Retry: as read_file; it is empty or not of the form.
Result<std::string> read_secret(const std::string& path, SecretForm form = SecretForm::OneLine);
// Without line breaks and other control characters, which no header and no login takes.
bool is_one_line(std::string_view text);

// For what a library opens by its path, and would wait for: a regular file (or a link to one) that can be read.
Status check_regular_file(const std::string& path);

// For a file that is written beside others' files. Sets its time of change to now, and creates it when it is missing.
// Never opens what stands there already, so that neither a link nor a pipe in its place does anything.
Status touch_file(const std::string& path);

// Who else than its owner may read or change it, for a warning about a file that holds a secret: "can be read by every
// user". Empty: nobody, or only the group through which this process itself reads it; or the file is not there.
std::string exposure_of(const std::string& path);

// Opens /dev/null for each of the descriptors 0, 1 and 2 that is closed: another file or socket would become the one
// that gets the log. The first thing that a program does. False: there is no /dev/null.
bool open_standard_descriptors() noexcept;

}  // namespace freshet
