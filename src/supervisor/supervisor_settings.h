// What the supervisor needs to know; filled by settings. What may change while it runs is in model/options.h. Plain
// data.
#pragma once

namespace freshet::supervisor {

struct SupervisorSettings {
  double renew_jitter = 0.1;  // 0..1: the share of the interval over which renewals are spread
};

}  // namespace freshet::supervisor
