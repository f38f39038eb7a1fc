#include "supervisor/consumer_outcome.h"

#include <array>

namespace freshet::supervisor {

const char* name_of(const ConsumerOutcome& outcome) {
  static constexpr std::array kNames = {"stop", "renew", "fail"};
  static_assert(kNames.size() == std::variant_size_v<ConsumerOutcome>);
  return kNames[outcome.index()];
}

const std::string& error_of(const ConsumerOutcome& outcome) {
  static const std::string none;
  const auto* failed = std::get_if<ConsumerFailed>(&outcome);
  return failed == nullptr ? none : failed->error;
}

}  // namespace freshet::supervisor
