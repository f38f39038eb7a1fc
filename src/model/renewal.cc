#include "model/renewal.h"

namespace freshet {

const char* to_string(RenewalReason reason) {
  switch (reason) {
    case RenewalReason::Timer:
      return "timer";
    case RenewalReason::Operator:
      return "operator";
    case RenewalReason::Signal:
      return "signal";
    case RenewalReason::Credentials:
      return "credentials";
    case RenewalReason::Watchdog:
      return "watchdog";
    case RenewalReason::Broken:
      return "broken";
  }
  return "unknown";
}

const char* to_string(RenewalMode mode) { return mode == RenewalMode::Static ? "static" : "rejoin"; }

const char* to_string(RenewalResult result) {
  switch (result) {
    case RenewalResult::Renewed:
      return "renewed";
    case RenewalResult::Failed:
      return "failed";
    case RenewalResult::Postponed:
      return "postponed";
    case RenewalResult::Cancelled:
      return "cancelled";
  }
  return "unknown";
}

}  // namespace freshet
