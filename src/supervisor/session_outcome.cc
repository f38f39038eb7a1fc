#include "supervisor/session_outcome.h"

#include <array>

namespace freshet::supervisor {

const char* name_of(const SessionOutcome& outcome) {
  static constexpr std::array kNames = {"stop", "renew", "fail"};
  static_assert(kNames.size() == std::variant_size_v<SessionOutcome>);
  return kNames[outcome.index()];
}

const std::string& error_of(const SessionOutcome& outcome) {
  static const std::string none;
  const auto* failed = std::get_if<SessionFailed>(&outcome);
  return failed == nullptr ? none : failed->error;
}

}  // namespace freshet::supervisor
