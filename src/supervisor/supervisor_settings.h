// Settings of the supervisor; filled by the settings module. model/options.h has those that may change at runtime.
// Plain data.
#pragma once

namespace freshet::supervisor {

struct SupervisorSettings {
  double renew_jitter = 0.1;  // 0..1: the share of the interval over which renewals are spread
};

}  // namespace freshet::supervisor
