// What `run` looks at beside the stream: missing topics are created where that is wanted, and the table is compared
// with real messages once, as `freshet check` does.
#pragma once

#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret_mask.h"
#include "settings/settings.h"

namespace freshet::app {

// One thread; ends by itself when everything was checked, at the latest when destroyed.
class BackgroundChecks {
 public:
  // `secrets` may be null: gets a password that is read anew.
  BackgroundChecks(const settings::Pipeline& pipeline, Clock& clock, Log& log, SecretMask* secrets = nullptr);

 private:
  std::jthread thread_;
};

}  // namespace freshet::app
