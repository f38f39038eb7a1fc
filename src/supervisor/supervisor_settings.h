// Settings of the supervisor, filled by the settings module. Options that can change at runtime are in model/options.h.
// Plain data.
#pragma once

namespace freshet::supervisor {

struct SupervisorSettings {
  double renew_jitter = 0.1;  // 0..1: share of the interval over which renewals are spread
};

}  // namespace freshet::supervisor
