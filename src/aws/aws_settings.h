// Regions of AWS.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace freshet::aws {

// `text` as far as its first number behind a hyphen, which is where the name of a region ends. Empty: it has none.
// Threads: any.
inline std::string_view up_to_number(std::string_view text) {
  for (size_t hyphen = text.find('-'); hyphen != std::string_view::npos; hyphen = text.find('-', hyphen + 1)) {
    const size_t end = std::min(text.find_first_not_of("0123456789", hyphen + 1), text.size());
    if (end > hyphen + 1) return text.substr(0, end);
  }
  return {};
}

// What is wrong with `region`, as a predicate: "is an availability zone; ...". Empty: it may be a region. Threads: any.
inline std::string region_fault(std::string_view region) {
  const std::string no_region = "is no region of AWS; write one as eu-central-1";
  if (region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string_view::npos) return no_region;
  const std::string_view begin = up_to_number(region);
  const bool has_words =
      begin.find('-') != begin.rfind('-') && begin[0] != '-' && begin.find("--") == std::string_view::npos;
  if (!has_words) return no_region;
  if (begin == region) return {};
  return "is an availability zone; write its region, " + std::string(begin);
}

}  // namespace freshet::aws
