// Regions of AWS.
#pragma once

#include <string>
#include <string_view>

namespace freshet::aws {

// What is wrong with `region`, as a predicate: "is an availability zone; ...". Empty: it may be a region. Threads: any.
inline std::string region_fault(std::string_view region) {
  constexpr std::string_view kDigits = "0123456789";
  const std::string no_region = "is no region of AWS; write one as eu-central-1";
  if (region.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string_view::npos) return no_region;
  const size_t number = region.find_last_not_of(kDigits) + 1;  // where the number at the end begins
  const bool is_zone =
      region.size() > 2 && number == region.size() && kDigits.find(region[number - 2]) != std::string_view::npos;
  if (is_zone) {
    return "is an availability zone; write its region, " + std::string(region.substr(0, region.size() - 1));
  }
  const bool is_region = number > 3 && number < region.size() && region[number - 1] == '-' && region[0] != '-' &&
                         region.find('-') < number - 1 && region.find("--") == std::string_view::npos;
  return is_region ? std::string() : no_region;
}

}  // namespace freshet::aws
