#include "app/run_command.h"

#include <iostream>
#include <memory>

#include "app/commands.h"
#include "app/service.h"
#include "base/secret_mask.h"

namespace freshet::app {

int run(const settings::Loaded& loaded, Clock& clock, OperatorSignals& signals) {
  auto service = Service::open(loaded, clock, nullptr, signals.stop());
  if (!service && service.error().kind == ErrorKind::Stopping) return 0;
  if (!service) {
    std::cerr << "freshet: " << SecretMask(loaded.settings.telemetry.secrets).masked(service.error().text) << '\n';
    return kBadUsage;
  }
  // Detached before the service is destroyed.
  const std::unique_ptr<OperatorSignals, void (*)(OperatorSignals*)> attached(
      &signals, [](OperatorSignals* told) { told->detach(); });
  signals.attach({[&] { (*service)->renewals().request(RenewalReason::Signal, "SIGUSR1"); },
                  [&] { return (*service)->hurry_stop(); }, [&] { (*service)->out_of_memory(); }});
  (*service)->run(signals.stop());
  return 0;
}

}  // namespace freshet::app
