#include "secrets/secret_reading.h"

#include <sys/stat.h>

#include <utility>

#include "secrets/secret_command.h"

namespace freshet::secrets {

Result<Secret> read_from(const std::string& from, SecretForm form, const std::stop_token& stop) {
  const auto command = command_in(from);
  auto text = command ? run_command(*command, stop) : read_file(from, kMaxSecretFile);
  if (text) text = as_secret(*std::move(text), form);
  if (!text) return tl::make_unexpected(text.error());
  return Secret(*std::move(text));
}

std::string shown_source(const std::string& from) {
  const auto command = command_in(from);
  if (!command) return from;
  const auto words = words_of(*command);
  if (!words) return "exec:***";
  return "exec:" + words->front() + (words->size() > 1 ? " ***" : "");
}

FileVersion version_of(const std::string& path) {
  struct stat found {};
  if (path.empty() || stat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size,
          static_cast<int64_t>(found.st_ctim.tv_sec) * 1'000'000'000 + found.st_ctim.tv_nsec};
}

}  // namespace freshet::secrets
