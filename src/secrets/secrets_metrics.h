// The metrics of this module.
#pragma once

#include <string>

#include "base/metrics.h"

namespace freshet::secrets {

struct SecretMetrics {
  Counter& renewed;
  Counter& failed;

  SecretMetrics(Metrics& metrics, const std::string& secret)
      : renewed(metrics.counter("freshet_secrets_renewed_total", "Secrets that were read again and had changed.",
                                {{"secret", secret}})),
        failed(metrics.counter("freshet_secret_failures_total",
                               "Secrets whose file could not be read again after a refusal, or whose command failed.",
                               {{"secret", secret}})) {}
};

}  // namespace freshet::secrets
