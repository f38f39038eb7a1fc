#include "aws/credential_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace freshet::aws {
namespace {

bool belongs_in_access_key(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

// Quotation marks are left by files of variables that no shell reads.
std::string foreign_character_in(std::string_view text) {
  for (const char c : text) {
    if (c == '\n' || c == '\r') return "a line break";
    if (c == ' ' || c == '\t') return "a blank";
    if (c == '"' || c == '\'') return "a quotation mark";
    if (c < 0x21 || c == 0x7F) return "a control character, or one that is not ASCII";
  }
  return {};
}

tl::unexpected<Error> part_is_missing(std::string_view part) {
  return failure(ErrorKind::Retry, fmt::format("{} is missing", part));
}

}  // namespace

Result<Credentials> checked(Credentials credentials, const PartNames& names) {
  if (credentials.access_key.empty()) return part_is_missing(names.access_key);
  if (credentials.secret_key.empty()) return part_is_missing(names.secret_key);
  for (const auto& [name, text] :
       {std::pair<std::string_view, std::string_view>(names.access_key, credentials.access_key),
        {names.secret_key, credentials.secret_key.reveal()},
        {names.session_token, credentials.session_token.reveal()}}) {
    const std::string character = foreign_character_in(text);
    if (!character.empty()) return failure(ErrorKind::Retry, fmt::format("{} contains {}", name, character));
  }
  const std::string& key = credentials.access_key;
  if (!std::all_of(key.begin(), key.end(), belongs_in_access_key)) {
    return failure(ErrorKind::Retry,
                   fmt::format("{} is no access key: it must have only letters, digits and _", names.access_key));
  }
  return credentials;
}

}  // namespace freshet::aws
