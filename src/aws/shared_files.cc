#include "aws/shared_files.h"

#include <algorithm>

namespace freshet::aws {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// A comment ends a value if a blank precedes it.
std::string_view without_comment(std::string_view value) {
  for (size_t at = 1; at < value.size(); ++at) {
    const bool begins = value[at] == '#' || value[at] == ';';
    if (begins && kBlank.find(value[at - 1]) != std::string_view::npos) return trimmed(value.substr(0, at));
  }
  return value;
}

std::string_view without_quotes(std::string_view name) {
  if (name.size() < 2 || (name.front() != '"' && name.front() != '\'') || name.back() != name.front()) return name;
  return name.substr(1, name.size() - 2);
}

// The profile that [heading] begins; empty: it begins something else.
std::string_view profile_of(std::string_view heading, SharedFile file) {
  const size_t end = heading.find(']');
  if (end == std::string_view::npos) return {};
  heading = trimmed(heading.substr(1, end - 1));
  if (file == SharedFile::Credentials || heading == "default") return without_quotes(heading);
  constexpr std::string_view kWord = "profile";
  if (!heading.starts_with(kWord) || heading.size() == kWord.size()) return {};
  heading.remove_prefix(kWord.size());
  if (kBlank.find(heading.front()) == std::string_view::npos) return {};
  return without_quotes(trimmed(heading));
}

}  // namespace

std::optional<Profile> profile_in(std::string_view text, SharedFile file, std::string_view name) {
  std::optional<Profile> profile;
  bool inside = false;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('[')) {
      inside = !name.empty() && profile_of(line, file) == name;
      if (inside && !profile) profile.emplace();
      continue;
    }
    const size_t equals = line.find('=');
    const bool is_setting = equals != std::string_view::npos && kBlank.find(line.front()) == std::string_view::npos &&
                            line.front() != '#' && line.front() != ';';
    if (!inside || !is_setting) continue;
    const std::string_view key = trimmed(line.substr(0, equals));
    if (!key.empty()) (*profile)[lower(key)] = without_comment(trimmed(line.substr(equals + 1)));
  }
  return profile;
}

}  // namespace freshet::aws
