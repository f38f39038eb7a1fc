#include "python_worker/worker_environment.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

namespace freshet::python_worker {
namespace {

constexpr std::array<std::string_view, 26> kNeeded = {
    "PATH",    "HOME",     "USER",       "LOGNAME", "SHELL",       "HOSTNAME",        "LANG",
    "TZ",      "TMPDIR",   "TEMP",       "TMP",     "LANGUAGE",    "LD_LIBRARY_PATH", "LC_*",
    "PYTHON*", "SNUBA_*",  "SENTRY_*",   "CONDA_*", "VIRTUAL_ENV", "OMP_NUM_THREADS", "SSL_CERT_*",
    "XDG_*",   "MALLOC_*", "LD_PRELOAD", "TERM",    "DEBUG"};
constexpr std::array<std::string_view, 7> kSecret = {"PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL", "DSN", "AUTH"};

// True if the value contains credentials, as in redis://:PASSWORD@HOST. Applies to variables of any name.
bool holds_login(std::string_view value) {
  const size_t scheme = value.find("://");
  if (scheme == std::string_view::npos) return false;
  value.remove_prefix(scheme + 3);
  return value.substr(0, value.find('/')).find('@') != std::string_view::npos;
}

bool fits(std::string_view name, std::string_view pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  return name.starts_with(pattern.substr(0, pattern.size() - 1));
}

bool needed(std::string_view name) {
  return std::any_of(kNeeded.begin(), kNeeded.end(), [&](std::string_view one) { return fits(name, one); }) &&
         std::none_of(kSecret.begin(), kSecret.end(),
                      [&](std::string_view part) { return name.find(part) != std::string_view::npos; });
}

}  // namespace

std::vector<std::string> worker_environment(const std::vector<std::string>& all, const std::vector<std::string>& also) {
  std::vector<std::string> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out), [&](const std::string& variable) {
    const std::string_view name = std::string_view(variable).substr(0, variable.find('='));
    const std::string_view value = std::string_view(variable).substr(std::min(name.size() + 1, variable.size()));
    return (needed(name) && !holds_login(value)) ||
           std::any_of(also.begin(), also.end(), [&](const std::string& one) { return fits(name, one); });
  });
  return out;
}

std::vector<std::string> own_environment() {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) out.emplace_back(*entry);
  return out;
}

}  // namespace freshet::python_worker
